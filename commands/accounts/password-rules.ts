import type { Issue, Language } from '../../core/errors.ts';

export const shortestPassword = 10;
export const longestPassword = 200;

/**
 * The most used passwords of public breach lists, German and English, that are long enough to pass otherwise;
 * shorter ones are caught by the length and variations of them by `weakWords`.
 */
const breached = new Set(
  (
    '1234567890 0123456789 0987654321 9876543210 12345678910 123456789a 123456789q a123456789 q123456789 1234567891 1234512345 ' +
    '1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc qwertyuiop qwertzuiop qwertyuiopasdfghjkl asdfghjkl1 asdfghjklöä yxcvbnmasd zxcvbnm123 ' +
    'qazwsxedcrfv q1w2e3r4t5 q1w2e3r4t5z6 1a2b3c4d5e a1b2c3d4e5 abcdefghij abcdefgh123 abcd123456 abc1234567 1029384756 ' +
    '1122334455 1212121212 1313131313 1111111111 147258369a 1472583690 159753456852 741852963a 9638527410 asdasdasdasd ' +
    'ichliebedich schatzi1234 ichbindiebeste fussball123 fußball1234 bundesliga1 borussia1909 bayernmuenchen bayernmünchen ' +
    'schalke1904 deutschland hallohallo halloduda1 daspasswort meinpasswort keinpasswort keineahnung sonnenschein schmetterling ' +
    'iloveyou123 ilovemyself footballfan basketball1 trustno1234 letmein1234 letmeinplease changemenow change_me_now superman123 ' +
    'princess123 sunshine123 dragon12345 monkey12345 michelle123 charlie1234 football123 baseball123 jennifer123 liverpool123 ' +
    'correcthorse correcthorsebatterystaple thisisapassword mypassword1 nopassword1 defaultpassword temporary123 testtest123 ' +
    'test1234test testpassword testpasswort administrator administrator1 superadmin1 root123456 gast123456 benutzer123 computer123 ' +
    'internet123 startstart startwort123 geheimnis123 streng-geheim strenggeheim'
  ).split(' '),
);

/** Words that are no password, however they are dressed up with digits and signs. */
const weakWords = [
  'passwort',
  'password',
  'kennwort',
  'geheim',
  'secret',
  'hallo',
  'willkommen',
  'welcome',
  'qwertz',
  'qwerty',
  'leitwerk',
  'admin',
  'superadmin',
  'administrator',
  'sommer',
  'summer',
  'winter',
  'herbst',
  'fruehling',
  'test',
  'start',
  'login',
  'letmein',
  'iloveyou',
  'schatz',
  'changeme',
  'master',
  'firma',
  'default',
  'user',
  'benutzer',
  'gast',
  'guest',
];

const leet: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

const plain = (text: string): string => text.normalize('NFKC').toLowerCase();
const lettersOnly = (text: string): string => text.replaceAll(/[^\p{L}]/gu, '');
const unleet = (text: string): string => text.replaceAll(/[013457@$!]/g, (sign) => leet[sign] ?? sign);

/** A weak word and nothing else but digits and signs around it or in place of its letters: `P4ssw0rt2026!`. */
const isDressedUp = (password: string): boolean => {
  const core = password.replaceAll(/^[\d\W_]+|[\d\W_]+$/gu, '');
  return [lettersOnly(password), lettersOnly(unleet(core))].some((reading) => weakWords.includes(reading));
};

const isRun = (password: string): boolean => {
  const codes = [...password].map((sign) => sign.codePointAt(0) ?? 0);
  const step = (codes[1] ?? 0) - (codes[0] ?? 0);
  return Math.abs(step) <= 1 && codes.every((code, index) => index === 0 || code - (codes[index - 1] ?? 0) === step);
};

const lettersAndDigits = (text: string): string => plain(text).replaceAll(/[^\p{L}\d]/gu, '');

/** What anyone knows of the person: mail address, its two halves, the name, and the parts of each. */
const ownWords = ({ email, name }: { readonly email: string; readonly name: string }): string[] => {
  const [local = '', domain = ''] = email.split('@');
  const company = domain.replace(/\.[^.]*$/, '');
  const parts = `${local} ${company} ${name}`.split(/[^\p{L}\d]+/u);
  return [email, local, company, name, ...parts].map(lettersAndDigits).filter((word) => word.length >= 4);
};

const isOwnName = (password: string, person: { readonly email: string; readonly name: string }): boolean => {
  const text = lettersAndDigits(password);
  return ownWords(person).some((word) => text.includes(word) && text.length - word.length < 6);
};

const sentences = {
  tooShort: {
    de: `Mindestens ${shortestPassword} Zeichen. Ein Satz aus mehreren Wörtern ist gut zu merken und sicher.`,
    en: `At least ${shortestPassword} characters. A few words in a row are easy to remember and safe.`,
  },
  tooLong: { de: `Höchstens ${longestPassword} Zeichen.`, en: `At most ${longestPassword} characters.` },
  breached: {
    de: 'Dieses Passwort steht in Listen gestohlener Passwörter. Bitte ein anderes wählen.',
    en: 'This password is on lists of stolen passwords. Please choose another one.',
  },
  guessable: {
    de: 'Name und E-Mail-Adresse sind als Passwort zu leicht zu erraten.',
    en: 'Your name and e-mail address are too easy to guess as a password.',
  },
};

const faultOf = (
  password: string,
  person: { readonly email: string; readonly name: string },
): keyof typeof sentences | undefined => {
  const text = plain(password);
  if ([...text].length < shortestPassword) return 'tooShort';
  if ([...text].length > longestPassword) return 'tooLong';
  if (isOwnName(text, person)) return 'guessable';
  if (breached.has(text) || new Set(text).size < 5 || isRun(text) || isDressedUp(text)) return 'breached';
  return undefined;
};

/** What is wrong with a new password, empty when it will do. Length counts, not kinds of signs (NIST SP 800-63B). */
export function passwordIssues(
  password: string,
  person: { readonly email: string; readonly name: string },
  language: Language,
): Issue[] {
  const fault = faultOf(password, person);
  return fault === undefined ? [] : [{ path: '/password', code: fault, message: sentences[fault][language] }];
}
