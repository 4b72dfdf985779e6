// @ts-check is not possible here: these functions run in the page, where there is a DOM; the tests' program has none.
// What a page must not get wrong. Each returns the offenders in words; none is best.

/** Controls, links and pictures without a name a screen reader could say. */
export function findNameless() {
  const hidden = (element) => element.closest('[aria-hidden="true"]') !== null;
  const textOf = (element) => {
    const copy = element.cloneNode(true);
    for (const part of copy.querySelectorAll('[aria-hidden="true"]')) part.remove();
    return copy.textContent?.trim() ?? '';
  };
  const nameOf = (element) => {
    const by = element.getAttribute('aria-labelledby');
    const labels =
      element instanceof HTMLInputElement || element instanceof HTMLSelectElement ? element.labels : null;
    return (
      element.getAttribute('aria-label')?.trim() ||
      (by && document.getElementById(by)?.textContent?.trim()) ||
      [...(labels ?? [])].map(textOf).join(' ').trim() ||
      (element instanceof HTMLImageElement ? element.alt : '') ||
      textOf(element) ||
      element.getAttribute('title') ||
      ''
    );
  };
  const controls = document.querySelectorAll(
    'button, a[href], input, select, textarea, summary, [role="button"], [role="img"], [role="group"], [role="option"], [tabindex="0"], dialog',
  );
  const nameless = [...controls].filter((element) => !hidden(element) && nameOf(element) === '');
  const bare = [...document.querySelectorAll('canvas, svg, img')].filter(
    (element) =>
      !hidden(element) &&
      !(element instanceof HTMLImageElement && element.alt === '' && element.closest('a, p')) &&
      element.closest('[role="img"]') === null,
  );
  return [...nameless, ...bare].map((element) => element.outerHTML.slice(0, 160));
}

/** Text that is harder to read than WCAG AA allows: 4.5:1, or 3:1 when large. Hatching counts as its darker stripe. */
export function findFaint() {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  if (!canvas) throw new Error('no canvas');
  const parse = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r = 0, g = 0, b = 0, a = 0] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const light = ([r, g, b]) => {
    const line = (value = 0) =>
      value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
    return 0.2126 * line(r) + 0.7152 * line(g) + 0.0722 * line(b);
  };
  const over = (top, under) =>
    [0, 1, 2].map((i) => (top[i] ?? 0) * (top[3] ?? 1) + (under[i] ?? 0) * (1 - (top[3] ?? 1)));
  const behind = (element) => {
    const layers = [];
    for (let node = element; node; node = node.parentElement) {
      const style = getComputedStyle(node);
      const stripe = /rgba?\([^)]*\)/.exec(style.backgroundImage)?.[0];
      layers.push(parse(node.classList.contains('hatched') && stripe ? stripe : style.backgroundColor));
    }
    return layers.reduceRight(
      (under, layer) => over(layer, under),
      parse(getComputedStyle(document.documentElement).backgroundColor),
    );
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const element = text.parentElement;
    if (
      !element ||
      text.textContent?.trim() === '' ||
      element.closest('script, style, noscript, .sr-only, :disabled')
    )
      continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const style = getComputedStyle(element);
    const ground = behind(element);
    const ink = over(parse(element instanceof SVGElement ? style.fill : style.color), ground);
    const [high, low] = [light(ink), light(ground)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    const large =
      Number.parseFloat(style.fontSize) >= 24 ||
      (Number.parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5))
      faint.push(
        `${ratio.toFixed(2)} "${text.textContent?.trim().slice(0, 40)}" in <${element.tagName.toLowerCase()} class="${element.getAttribute('class')}">`,
      );
  }
  return [...new Set(faint)];
}

/** Pixels by which the page is wider than the window. */
export function overflowOf() {
  return document.documentElement.scrollWidth - innerWidth;
}

/** Headings, landmarks and the language a screen reader steers by. */
export function findMissingLandmarks() {
  return ['html[lang]', 'title', 'main', 'h1'].filter(
    (selector) => document.querySelector(selector) === null,
  );
}

/** What has the focus, and whether that can be seen; `null` when nothing has. */
export function describeFocus() {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const shown = getComputedStyle(element).boxShadow !== 'none';
  return `${element.textContent?.trim() || element.getAttribute('aria-label')}${shown ? '' : ' (focus not shown)'}`;
}
