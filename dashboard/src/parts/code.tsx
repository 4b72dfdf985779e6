import { useEffect, useState } from 'react';
import { Scroll } from './scroll.tsx';

/** Puts text on the clipboard, also where the page is not a secure context (plain http off this machine). */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

export function CopyButton({
  text,
  what,
  className = 'button',
}: {
  text: string;
  what: string;
  className?: string;
}) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1_600);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button
      type="button"
      className={className}
      onClick={() => void copyText(text).then(() => setCopied(true))}
      aria-label={`Copy ${what}`}
    >
      <span aria-live="polite">{copied ? 'Copied' : 'Copy'}</span>
    </button>
  );
}

export function Code({ text, what }: { text: string; what: string }) {
  return (
    <div className="code">
      <Scroll label={what}>
        <pre>{text}</pre>
      </Scroll>
      <CopyButton text={text} what={what} />
    </div>
  );
}
