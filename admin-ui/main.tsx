import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './styles/fonts.css';
import './styles/app.css';
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { createRoot } from 'react-dom/client';
import { createQueryClient } from './app/query-client.ts';
import { createAppRouter } from './app/router.tsx';
import { startTexts } from './i18n/index.ts';
import { resolveVariables, theme } from './theme.ts';

const client = createQueryClient();
const router = createAppRouter(client);

const start = async (): Promise<void> => {
  const root = document.querySelector('#root');
  if (root === null) throw new Error('index.html has no #root');
  // All that the address asks for is under way before the first drawing, beside the texts.
  const { pathname, search } = router.latestLocation;
  router.preloadRoute({ to: pathname, search }).catch(() => undefined);
  await startTexts();
  createRoot(root).render(
    <QueryClientProvider client={client}>
      <MantineProvider theme={theme} cssVariablesResolver={resolveVariables} defaultColorScheme="auto">
        <Notifications position="bottom-right" limit={4} zIndex={400} />
        <RouterProvider router={router} />
      </MantineProvider>
    </QueryClientProvider>,
  );
};

void start();
