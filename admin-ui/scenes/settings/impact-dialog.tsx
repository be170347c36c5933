import { List, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { EntityModel } from '../../../core/entity.ts';
import type { SchemaImpact } from '../../api/schemas.ts';
import { FormDialog, useForm } from '../../components/form-dialog.tsx';
import { inLanguage } from '../../i18n/index.ts';

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section>
      <Text size="xs" c="dimmed" fw={500} mb={4}>
        {title}
      </Text>
      <List size="sm" spacing={4}>
        {children}
      </List>
    </section>
  );
}

interface ImpactDialogProps {
  readonly model: EntityModel;
  readonly impact: SchemaImpact;
  readonly onClose: () => void;
  readonly onConfirm: () => Promise<void>;
}

/** Says in words what a change of an object takes away, and from whom; nothing happens until it is confirmed. */
export function ImpactDialog({ model, impact, onClose, onConfirm }: ImpactDialogProps) {
  const { t } = useTranslation();
  const form = useForm(onConfirm);
  const taken = impact.changes.filter((change) => change.isDestructive);
  const labelOf = (name: string | undefined): string =>
    name === undefined ? inLanguage(model.label) : inLanguage(model.fields.get(name)?.label) || name;
  /** Making a field required concerns the records without a value, everything else those with one. */
  const recordsOf = ({ change, records }: SchemaImpact['changes'][number]): string =>
    t(change === 'required' ? 'impact.without' : 'impact.with', { count: records });
  return (
    <FormDialog title={t('impact.title')} form={form} submitLabel={t('impact.confirm')} isDangerous onClose={onClose}>
      <Text size="sm">{t('impact.lead')}</Text>
      <Part title={inLanguage(model.label)}>
        {taken.map((change) => (
          <List.Item key={`${change.field}${change.change}${change.message}`}>
            <strong>{labelOf(change.field)}</strong>: {change.message} – {recordsOf(change)}
          </List.Item>
        ))}
      </Part>
      {impact.views.length > 0 && (
        <Part title={t('impact.views', { count: impact.views.length })}>
          {impact.views.map((view) => (
            <List.Item key={view.id}>{view.name}</List.Item>
          ))}
        </Part>
      )}
      {impact.config.length > 0 && (
        <Part title={t('impact.config', { count: impact.config.length })}>
          {impact.config.map((place) => (
            <List.Item key={`${place.kind}${place.key}${place.path}`}>
              {t(`config.kind.${place.kind}`, { defaultValue: place.kind })} <strong>{place.key}</strong>{' '}
              <code>{place.path.slice(1)}</code>
            </List.Item>
          ))}
        </Part>
      )}
      {impact.views.length === 0 && impact.config.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('impact.nothingElse')}
        </Text>
      )}
    </FormDialog>
  );
}
