/**
 * Some browsers report a language that is no language tag (Chromium under the POSIX locale: `en-US@posix`), and the chart
 * library hands it to Intl as it loads, which throws. Such a browser gets English, which is what the pages are in.
 */
export function repairLanguage(): void {
  try {
    Intl.getCanonicalLocales(navigator.language);
  } catch {
    Object.defineProperty(navigator, 'language', { value: 'en-US', configurable: true });
  }
}
