import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Builds the dashboard to dashboard/dist, which the control API serves at `/`. */
export default defineConfig(({ command }) => {
  // What is built is what is shipped, also under a test runner that sets NODE_ENV.
  if (command === 'build') process.env.NODE_ENV = 'production';
  return {
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
  };
});
