import { createInstance } from 'i18next';

import { initReactI18next } from 'react-i18next';
import type { Language, Text } from '../../core/errors.ts';

const storageKey = 'leitwerk-language';
/** The one set of texts of the page. */
export const i18n = createInstance();

const isLanguage = (value: unknown): value is Language => value === 'de' || value === 'en';

const texts = {
  de: async () => (await import('./de.ts')).de,
  en: async () => (await import('./en.ts')).en,
};

/** German unless the person chose English here before. */
export function storedLanguage(): Language {
  const stored = localStorage.getItem(storageKey);
  return isLanguage(stored) ? stored : 'de';
}

export async function startTexts(): Promise<void> {
  const language = storedLanguage();
  document.documentElement.lang = language;
  await i18n.use(initReactI18next).init({
    lng: language,
    resources: { [language]: { translation: await texts[language]() } },
    interpolation: { escapeValue: false },
    returnNull: false,
  });
}

export async function setLanguage(language: Language): Promise<void> {
  localStorage.setItem(storageKey, language);
  document.documentElement.lang = language;
  if (!i18n.hasResourceBundle(language, 'translation')) {
    i18n.addResourceBundle(language, 'translation', await texts[language]());
  }
  await i18n.changeLanguage(language);
}

export function currentLanguage(): Language {
  return isLanguage(i18n.language) ? i18n.language : 'de';
}

/** A text that comes in both languages, in the one shown. */
export function inLanguage(text: Text | string | null | undefined): string {
  if (text === null || text === undefined) return '';
  return typeof text === 'string' ? text : text[currentLanguage()];
}
