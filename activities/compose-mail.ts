import { companyOf, timeZoneOf } from '../commands/company.ts';
import type { Context } from '../commands/context.ts';
import type { OutgoingMail } from '../connectors/mail-out/index.ts';
import type { Language } from '../core/errors.ts';
import { renderTemplate, type TemplateConfig, type TemplateData } from '../core/template.ts';

interface Letter {
  readonly template: TemplateConfig;
  readonly data: Omit<TemplateData, 'company'>;
  readonly language: Language;
  /** Overrides the sender of the company's settings. */
  readonly mailFrom: string | undefined;
}

/**
 * A template as a mail of the company's, in one language.
 * @throws LeitwerkError `InvalidInput` as `renderTemplate`.
 */
export function composeMail(
  { snapshot }: Pick<Context, 'snapshot'>,
  { template, data, language, mailFrom }: Letter,
): Omit<OutgoingMail, 'to' | 'id'> {
  const company = companyOf(snapshot);
  const options = { language, timeZone: timeZoneOf(snapshot), currency: company?.currency ?? 'EUR' };
  return {
    from: {
      name: company?.mail?.fromName ?? company?.name ?? 'Leitwerk',
      address: mailFrom ?? company?.mail?.from ?? 'leitwerk@localhost',
    },
    ...renderTemplate(template, { ...data, company: { ...company, ...company?.address } }, options),
  };
}
