import {
  ActionIcon,
  Badge,
  Button,
  createTheme,
  Input,
  Menu,
  Modal,
  Popover,
  Tabs,
  Tooltip,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from '@mantine/core';
import { i18n } from './i18n/index.ts';

const petrol: MantineColorsTuple = [
  '#eaf5f5',
  '#d3e9e9',
  '#a8d4d5',
  '#78bcbe',
  '#4ba3a6',
  '#27888c',
  '#0f757a',
  '#0b6166',
  '#094d52',
  '#073b3f',
];

const warmGray: MantineColorsTuple = [
  '#faf9f7',
  '#f4f2ee',
  '#e9e6e0',
  '#dcd8d0',
  '#c3beb4',
  '#989389',
  '#6b675f',
  '#504d47',
  '#38362f',
  '#22211d',
];

const warmDark: MantineColorsTuple = [
  '#e8e6e1',
  '#c9c6c0',
  '#a5a29b',
  '#77746d',
  '#43423e',
  '#363531',
  '#2a2926',
  '#1f1e1c',
  '#191817',
  '#121211',
];

/** Dark enough that white words on it can be read. */
const red: MantineColorsTuple = [
  '#fdf3f2',
  '#fbe3e0',
  '#f6c3be',
  '#f0a099',
  '#e87f76',
  '#dd5d53',
  '#c6372c',
  '#b42318',
  '#961b12',
  '#7a150e',
];

/** Own look: petrol on warm neutrals, a dense 14 px scale on an 8 px grid, quiet shadows. */
export const theme = createTheme({
  primaryColor: 'petrol',
  primaryShade: { light: 7, dark: 6 },
  colors: { petrol, red, gray: warmGray, dark: warmDark },
  black: '#1c1b18',
  autoContrast: true,
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, monospace",
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  lineHeights: { xs: '16px', sm: '20px', md: '20px', lg: '24px', xl: '28px' },
  spacing: { xs: '4px', sm: '8px', md: '16px', lg: '24px', xl: '32px' },
  radius: { xs: '4px', sm: '6px', md: '8px', lg: '12px', xl: '16px' },
  defaultRadius: 'sm',
  headings: {
    fontWeight: '620',
    sizes: {
      h1: { fontSize: '20px', lineHeight: '28px' },
      h2: { fontSize: '16px', lineHeight: '24px' },
      h3: { fontSize: '14px', lineHeight: '20px' },
    },
  },
  shadows: {
    sm: '0 1px 2px rgba(28, 27, 24, 0.06)',
    md: '0 4px 16px rgba(28, 27, 24, 0.10)',
    lg: '0 12px 40px rgba(28, 27, 24, 0.16)',
  },
  cursorType: 'pointer',
  focusRing: 'auto',
  components: {
    Button: Button.extend({ defaultProps: { size: 'xs' }, styles: { label: { fontWeight: 550 } } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: 'subtle', color: 'gray' } }),
    Input: Input.extend({ defaultProps: { size: 'sm' } }),
    Badge: Badge.extend({
      defaultProps: { variant: 'light', radius: 'xs', tt: 'none', fw: 500 },
      vars: () => ({ root: { '--badge-bg': 'var(--lw-badge)', '--badge-color': 'var(--mantine-color-text)' } }),
    }),
    Menu: Menu.extend({ defaultProps: { shadow: 'lg', radius: 'md', position: 'bottom-end' } }),
    Popover: Popover.extend({ defaultProps: { shadow: 'lg', radius: 'md' } }),
    Modal: Modal.extend({
      defaultProps: { radius: 'lg', shadow: 'lg', centered: true },
      styles: { title: { fontSize: '16px', fontWeight: 620, lineHeight: '24px' } },
    }),
    // Asked at every render: the language may change.
    Notification: {
      defaultProps: () => ({ closeButtonProps: { 'aria-label': i18n.t('common.close') } }),
    },
    // On a phone they are pushed aside, not broken into lines.
    Tabs: Tabs.extend({ styles: { list: { flexWrap: 'nowrap', overflowX: 'auto', scrollbarWidth: 'none' } } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 400, withArrow: false, fz: 'xs' } }),
  },
});

/** Surfaces and lines beyond Mantine's variables, for both schemes; every text pair is at least 4.5:1. */
export const resolveVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-text': '#1c1b18',
    '--mantine-color-dimmed': '#66625a',
    '--mantine-color-placeholder': '#77736a',
    '--mantine-color-default-border': '#dcd8d0',
    '--mantine-color-anchor': '#0b6166',
    '--mantine-color-error': '#b42318',
    '--lw-badge': '#eeebe5',
    '--lw-canvas': '#f4f2ee',
    '--lw-line': '#e6e2da',
    '--lw-hover': '#f6f4f0',
    '--lw-selected': '#e4f1f1',
    '--lw-accent': '#0b6166',
    '--lw-warn': '#9a5b00',
    '--lw-bad': '#b42318',
    '--lw-good': '#1d6b3c',
  },
  dark: {
    '--mantine-color-body': '#1d1c1a',
    '--mantine-color-text': '#e8e6e1',
    '--mantine-color-dimmed': '#a5a29b',
    '--mantine-color-placeholder': '#918e86',
    '--mantine-color-default-border': '#3b3a36',
    '--mantine-color-anchor': '#78bcbe',
    '--mantine-color-error': '#ff9b8f',
    '--lw-badge': '#33312e',
    '--mantine-color-petrol-light': '#1c3b3d',
    '--mantine-color-petrol-light-hover': '#22484a',
    '--mantine-color-petrol-light-color': '#a8d4d5',
    '--mantine-color-yellow-light': '#352b17',
    '--mantine-color-yellow-light-color': '#f0b252',
    '--lw-canvas': '#151413',
    '--lw-line': '#302f2b',
    '--lw-hover': '#262522',
    '--lw-selected': '#173335',
    '--lw-accent': '#78bcbe',
    '--lw-warn': '#f0b252',
    '--lw-bad': '#ff9b8f',
    '--lw-good': '#7fce9b',
  },
});
