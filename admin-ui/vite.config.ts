import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/**
 * `vite build admin-ui` writes `admin-ui/dist`. `vite admin-ui` serves the sources and hands the API on to a running
 * server (`LEITWERK_URL` is read by Vite's own shell only; the app has no such setting).
 */
export default defineConfig(({ mode }) => ({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // light-dark() stays as it is: Mantine sets the color-scheme at run time.
    cssTarget: ['chrome125', 'firefox125', 'safari17.5'],
    sourcemap: mode === 'development',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
    // Left alone, whatever two screens share becomes a file of its own, and the inbox begins with sixty of them in three rounds.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'libraries', test: /node_modules/, priority: 2 },
            { name: 'app', test: /\/(admin-ui\/(api|app|components|model)|core)\//, priority: 1 },
          ],
        },
      },
    },
  },
  server: { host: '127.0.0.1', proxy: { '/api': 'http://127.0.0.1:4000', '/health': 'http://127.0.0.1:4000' } },
}));
