/**
 * Takes the screenshots of the docs from a running server, for instance after `npm run example` and
 * `trimtab advise --profile examples/profiles/support-reply.yaml --publish`:
 * `node scripts/screenshots.ts URL ADMIN_TOKEN`. Writes docs/images/<page>-<desktop|phone>.png.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchChromium } from '../test/support/chromium.ts';

const [url, token] = process.argv.slice(2);
if (!url || !token) {
  console.error('Usage: node scripts/screenshots.ts URL ADMIN_TOKEN');
  process.exit(2);
}
const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs', 'images');
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

const { browser, close } = await launchChromium();
for (const [size, viewport] of Object.entries(SIZES)) {
  const context = await browser.newContext({ viewport, colorScheme: 'light', reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole('textbox', { name: 'Admin token' }).fill(token);
  await page.keyboard.press('Enter');
  await page
    .getByText(/ calls .*cost/)
    .first()
    .waitFor();
  await shoot('overview');
  await page.goto(`${url}/calls?task=support-reply`);
  await page.locator('a[href*="call_"]').first().click();
  await page.getByText('What happened, when').waitFor();
  await shoot('call');
  await page.goto(`${url}/advisor/support-reply`);
  await page.getByRole('list', { name: 'Decision path' }).waitFor();
  await shoot('advisor');
  await context.close();

  async function shoot(name: string): Promise<void> {
    await page.waitForLoadState('networkidle');
    await page.screenshot({ path: join(folder, `${name}-${size}.png`) });
  }
}
await close();
