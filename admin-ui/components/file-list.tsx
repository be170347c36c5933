import { Anchor, Text } from '@mantine/core';
import { IconPaperclip } from '@tabler/icons-react';
import { currentLanguage } from '../i18n/index.ts';
import type { AttachedFile } from '../model/attachments.ts';
import { formatNumber } from '../model/format.ts';
import classes from './file-list.module.css';

interface FileListProps {
  /** Address of what they came with: a received message or an entry of the timeline. */
  readonly path: string;
  readonly files: readonly AttachedFile[];
  readonly label: string;
}

/** Attached files with name and size; a click downloads one. */
export function FileList({ path, files, label }: FileListProps) {
  return (
    <ul className={classes['files']} aria-label={label}>
      {files.map((file) => (
        <li key={file.index}>
          <IconPaperclip size={14} aria-hidden />
          <Anchor href={`/api/v1${path}/attachments/${file.index}`} download size="sm">
            {file.name === '' ? file.contentType : file.name}
          </Anchor>
          <Text size="xs" c="dimmed">
            {formatNumber(Math.ceil(file.size / 1000), currentLanguage())} kB
          </Text>
        </li>
      ))}
    </ul>
  );
}
