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

/**
 * Pushes rows of a Google sheet from inside it, for whom the sheet is not to be shared. A row is sent until the column "Leitwerk" says
 * what became of it; the delivery's number is made of its content, so that one sent twice is known.
 */
const appsScript = (url: string): string => `const url = '${url}';
const statusColumn = 'Leitwerk';

/** Trigger: onFormSubmit, onChange or every 15 minutes. */
function sendRows() {
  const sheet = SpreadsheetApp.getActiveSheet();
  const [heads, ...rows] = sheet.getDataRange().getDisplayValues();
  const status = heads.indexOf(statusColumn);
  if (status < 0) throw new Error('Spalte / column ' + statusColumn);
  const names = heads.map((head, at) => (head !== '' && heads.indexOf(head) === at ? head : 'Spalte ' + (at + 1)));
  rows.forEach((row, index) => {
    const cells = names.map((name, at) => [name, row[at]]).filter((_, at) => at !== status);
    if (row[status] !== '' || cells.every(([, cell]) => cell === '')) return;
    const answer = send(JSON.stringify(Object.fromEntries(cells)));
    if (answer !== '') sheet.getRange(index + 2, status + 1).setValue(answer);
  });
}

function send(body) {
  const secret = PropertiesService.getScriptProperties().getProperty('LEITWERK_SECRET').replace('whsec_', '');
  const bytes = (text) => Utilities.newBlob(text).getBytes();
  const digest = Utilities.computeDigest(Utilities.DigestAlgorithm.SHA_256, bytes(body));
  const id = 'row_' + Utilities.base64EncodeWebSafe(digest).slice(0, 32);
  const at = Math.floor(Date.now() / 1000);
  const signed = bytes(id + '.' + at + '.' + body);
  const signature = Utilities.base64Encode(Utilities.computeHmacSha256Signature(signed, Utilities.base64Decode(secret)));
  const response = UrlFetchApp.fetch(url, {
    method: 'post',
    contentType: 'application/json',
    payload: body,
    muteHttpExceptions: true,
    headers: { 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': 'v1,' + signature },
  });
  const code = response.getResponseCode();
  // Was nicht an der Zeile liegt: später noch einmal. / Not the row's fault: once more later.
  if (code >= 300 && code !== 400 && code !== 422) return '';
  const answer = JSON.parse(response.getContentText());
  return code < 300 ? answer.status : code + ' ' + (answer.errors || []).map((error) => error.message).join(' ');
}`;

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
      return [
        { name: 'JavaScript', text: hmacNode(url) },
        { name: 'Google Sheets (Apps Script)', text: appsScript(url) },
      ];
    case 'api-key':
      return [
        { name: 'curl', text: curl(url, "  -H 'authorization: Bearer $LEITWERK_KEY' \\\n") },
        { name: 'PHP', text: php(url, ", 'Authorization: Bearer ' . getenv('LEITWERK_KEY')") },
      ];
    case 'mail':
      return [{ name: 'E-Mail', text: url }];
    case 'public': {
      const form = formUrl ?? url.replace('/intake/', '/forms/');
      return [
        { name: 'HTML', text: `<div data-leitwerk-form></div>\n<script src="${form}/embed.js" async></script>` },
        { name: 'curl', text: curl(url, '') },
      ];
    }
  }
}
