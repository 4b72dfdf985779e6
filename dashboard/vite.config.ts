import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Builds the dashboard to dashboard/dist, which the control API serves at `/`. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // Everything is loaded from the server itself under a strict content policy, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: { proxy: { '/api': process.env.TRIMTAB_URL ?? 'http://127.0.0.1:7070' } },
});
