import { inLanguage } from '../i18n/index.ts';

interface Fault {
  readonly path: string;
  readonly message: string;
}

/** Faults as records keep them, in the language of whoever reads them. */
export const faultsOf = (errors: unknown): readonly Fault[] => {
  if (!Array.isArray(errors)) return [];
  return errors.flatMap((fault: unknown): Fault[] => {
    if (typeof fault !== 'object' || fault === null || !('message' in fault)) return [];
    const text = 'text' in fault ? (fault.text as Parameters<typeof inLanguage>[0]) : undefined;
    const message = text === undefined ? String(fault.message) : inLanguage(text);
    return [{ path: 'path' in fault ? String(fault.path) : '', message }];
  });
};
