/**
 * Puts a hosted form where this script stands:
 *   <script src="https://…/forms/<source>/embed.js" data-lang="de" data-theme="light" async></script>
 * `data-lang` (de, en) and `data-theme` (light, dark) may be left out. The frame may send its form and open links beside it; it can
 * neither leave its place nor reach into the page around it.
 */
(() => {
  const titles = { de: '', en: '' };
  const script = document.currentScript;
  if (script === null) return;

  const address = new URL(script.src.replace(/\/embed\.js.*$/, ''));
  const language = script.dataset.lang ?? document.documentElement.lang.slice(0, 2).toLowerCase();
  address.searchParams.set('embed', '1');
  if (language in titles) address.searchParams.set('lang', language);
  if (script.dataset.theme !== undefined) address.searchParams.set('theme', script.dataset.theme);

  const frame = document.createElement('iframe');
  frame.src = address.href;
  frame.title = titles[language] ?? titles.de;
  frame.setAttribute(
    'sandbox',
    'allow-forms allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox',
  );
  frame.referrerPolicy = 'strict-origin-when-cross-origin';
  frame.loading = 'lazy';
  frame.style.cssText = 'display:block;width:100%;height:640px;border:0;background:transparent';

  window.addEventListener('message', (event) => {
    if (
      event.source !== frame.contentWindow ||
      event.origin !== address.origin ||
      event.data?.type !== 'leitwerk:height'
    )
      return;
    const height = Number(event.data.height);
    if (height > 0 && height < 20_000) frame.style.height = `${height}px`;
  });
  script.after(frame);
})();
