import { Group, SegmentedControl, Text, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconShieldCheck, IconShieldQuestion, IconShieldX, type Icon } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { mailQuery } from '../api/mail.ts';
import type { Mail, MailAddress } from '../api/types.ts';
import { currentLanguage, inLanguage } from '../i18n/index.ts';
import { formatInstant } from '../model/format.ts';
import { guessHeight } from '../model/mail-height.ts';
import { ErrorFace } from './faces.tsx';
import { FileList } from './file-list.tsx';
import classes from './mail-view.module.css';

/** Nothing runs and nothing is loaded, whatever the mail says: the frame has no rights, its policy allows no address. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const toPage = (html: string): string =>
  `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}"><base target="_blank"><style>body{margin:12px;font:14px/1.5 system-ui,sans-serif;overflow-wrap:anywhere;background:#fff;color:#111}img{max-width:100%}</style>${html}`;

const shields: Readonly<Record<string, readonly [icon: Icon, color: string]>> = {
  aligned: [IconShieldCheck, 'var(--lw-good)'],
  unaligned: [IconShieldQuestion, 'var(--lw-warn)'],
  failed: [IconShieldX, 'var(--lw-bad)'],
};

/** How far the sender can be believed, with the reason in words. */
function Shield({ trust }: { readonly trust: NonNullable<Mail['trust']> }) {
  const { t } = useTranslation();
  const [Shape, color] = shields[trust.level] ?? [IconShieldQuestion, 'var(--mantine-color-dimmed)'];
  const results = `SPF ${trust.spf} · DKIM ${trust.dkim} · DMARC ${trust.dmarc}`;
  return (
    <Tooltip label={`${inLanguage(trust.reason)} (${results})`} multiline maw={320}>
      <Group gap={4} wrap="nowrap" tabIndex={0}>
        <Shape size={16} color={color} aria-hidden />
        <Text size="xs">{t(`mail.trust.${trust.level}`, { defaultValue: trust.level })}</Text>
      </Group>
    </Tooltip>
  );
}

const nameOf = ({ address, name }: MailAddress): string => (name === '' ? address : `${name} <${address}>`);

function Head({ mail }: { readonly mail: Mail }) {
  const { t } = useTranslation();
  const rows = [
    [t('mail.from'), mail.from == null ? undefined : nameOf(mail.from)],
    [t('mail.to'), (mail.to ?? []).map(nameOf).join(', ')],
    [t('mail.cc'), (mail.cc ?? []).map(nameOf).join(', ')],
    [t('mail.date'), mail.date == null ? undefined : formatInstant(mail.date, currentLanguage())],
  ] as const;
  return (
    <dl className={classes['head']}>
      {rows.map(([label, value]) =>
        value === undefined || value === '' ? undefined : (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

function Body({ mail }: { readonly mail: Mail }) {
  const { t } = useTranslation();
  const [isFormatted, setFormatted] = useState(true);
  if (mail.html === null) return <p className={classes['text']}>{mail.text}</p>;
  return (
    <>
      <Group justify="space-between" gap="xs">
        <SegmentedControl
          size="xs"
          aria-label={t('mail.view')}
          value={isFormatted ? 'html' : 'text'}
          onChange={(value) => setFormatted(value === 'html')}
          data={[
            { value: 'html', label: t('mail.formatted') },
            { value: 'text', label: t('mail.plain') },
          ]}
        />
        <Text size="xs" c="dimmed">
          {t('mail.noRemote')}
        </Text>
      </Group>
      {isFormatted ? (
        <div className={classes['page']} style={{ height: `min(${guessHeight(mail.html)}px, 70vh)` }}>
          <iframe
            className={classes['frame']}
            sandbox="allow-popups"
            title={t('mail.content')}
            srcDoc={toPage(mail.html)}
            referrerPolicy="no-referrer"
          />
        </div>
      ) : (
        <p className={classes['text']}>{mail.text}</p>
      )}
    </>
  );
}

/** A mail as it came: sender with shield, text, files. `path` is the address of the message or of the timeline's entry. */
export function MailView({ path }: { readonly path: string }) {
  const { t } = useTranslation();
  const answer = useQuery(mailQuery(path));
  if (answer.isError) return <ErrorFace error={answer.error} onRetry={() => void answer.refetch()} />;
  const mail = answer.data;
  if (mail === undefined) return undefined;
  const files = mail.files.filter((file) => !file.isInline);
  return (
    <div className={classes['mail']}>
      <Group justify="space-between" gap="xs">
        <Text fw={560} size="sm" className={classes['subject']}>
          {mail.subject === null || mail.subject === '' ? t('mail.noSubject') : mail.subject}
        </Text>
        {mail.trust != null && <Shield trust={mail.trust} />}
      </Group>
      <Head mail={mail} />
      {(mail.doubts ?? []).map((doubt) => (
        <Text key={doubt.en} size="xs" c="var(--lw-warn)">
          {inLanguage(doubt)}
        </Text>
      ))}
      <Body mail={mail} />
      {files.length > 0 && <FileList path={path} files={files} label={t('intake.attachments')} />}
    </div>
  );
}
