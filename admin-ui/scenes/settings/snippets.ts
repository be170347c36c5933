import type { SourceFigures } from '../../api/types.ts';

interface Snippet {
  readonly name: string;
  readonly text: string;
}

const body = '{"firstName":"Erika","lastName":"Beispiel","email":"erika@example.com","message":"Bitte um Rückruf"}';

const hmacNode = (url: string): string => `import { Webhook } from 'standardwebhooks';

const body = JSON.stringify(${body});
const id = crypto.randomUUID();
const at = new Date();
await fetch('${url}', {
  method: 'POST',
  headers: {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(process.env.LEITWERK_SECRET).sign(id, at, body),
  },
  body,
});`;

const curl = (url: string, header: string): string =>
  `curl -X POST '${url}' \\\n  -H 'content-type: application/json' \\\n${header}  -d '${body}'`;

const php = (url: string, header: string): string => `<?php
$body = json_encode(['lastName' => 'Beispiel', 'email' => 'erika@example.com']);
$request = curl_init('${url}');
curl_setopt_array($request, [
  CURLOPT_POST => true,
  CURLOPT_RETURNTRANSFER => true,
  CURLOPT_POSTFIELDS => $body,
  CURLOPT_HTTPHEADER => ['Content-Type: application/json'${header}],
]);
echo curl_exec($request);`;

/** How another system sends to this source, ready to paste. Secrets are never in it. */
export function snippetsOf(source: SourceFigures): readonly Snippet[] {
  const { url, formUrl } = source;
  switch (source.auth) {
    case 'hmac':
      return [{ name: 'JavaScript', text: hmacNode(url) }];
    case 'api-key':
      return [
        { name: 'curl', text: curl(url, "  -H 'authorization: Bearer $LEITWERK_KEY' \\\n") },
        { name: 'PHP', text: php(url, ", 'Authorization: Bearer ' . getenv('LEITWERK_KEY')") },
      ];
    case 'mail': {
      const name = source.key === 'mail' ? 'leads' : `leads+${source.key}`;
      return [{ name: 'E-Mail', text: `${name}@${new URL(url).hostname}` }];
    }
    case 'public': {
      const form = formUrl ?? url.replace('/intake/', '/forms/');
      return [
        { name: 'HTML', text: `<div data-leitwerk-form></div>\n<script src="${form}/embed.js" async></script>` },
        { name: 'curl', text: curl(url, '') },
      ];
    }
  }
}
