import { type ReactNode, useEffect, useId, useRef } from 'react';

/** A modal dialog of the browser itself: focus is kept inside, Escape closes, focus goes back where it was. */
export function Dialog(props: {
  title: string;
  onClose: () => void;
  children: ReactNode;
  className?: string;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the dialog's own key; the press is on its backdrop
    <dialog
      ref={ref}
      aria-labelledby={title}
      className={props.className}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      onClick={(event) => {
        if (event.target === ref.current) props.onClose();
      }}
    >
      <h2 id={title} className="dialog-title">
        {props.title}
      </h2>
      {props.children}
    </dialog>
  );
}
