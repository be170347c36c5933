import { buildMail, deliver } from './smtp.ts';
const longText = 'Zeile mit siebzig Zeichen, damit die Mail in eine Datei muss und nicht.\n'.repeat(1_200);
for (let i = 0; i < 3; i++) {
  const raw = buildMail({ id: `x${i}@k.example`, text: longText });
  const at = Date.now();
  console.log(await deliver(4325, { raw }).catch((e) => String(e).slice(0, 300)), Date.now() - at);
}
process.exit(0);
