import type { Issue, Language } from '../../core/errors.ts';
import { bareName } from '../../core/mapping.ts';
import type { SourceForm } from '../../commands/source.ts';
import type { RecordData } from '../../store/record-table.ts';
import type { FormInput } from './form-fields.ts';
import { markup, paragraphs, type Html } from './form-html.ts';
import { inputId, renderInput } from './form-inputs.ts';
import { formTexts } from './form-texts.ts';
import { formKey, honeypot } from '../../connectors/web/marks.ts';

/** How a form is opened: by its address. */
export interface FormView {
  readonly language: Language;
  /** In a frame of another page: without own background. */
  readonly isEmbedded: boolean;
  /** Forced by the page around it; undefined = as the visitor's system. */
  readonly theme: 'light' | 'dark' | undefined;
  /** The form's address without the query. */
  readonly path: string;
  /** Changes with the style and the script, so that browsers may keep both for ever. */
  readonly assetVersion: string;
}

export interface FormContent {
  readonly form: SourceForm;
  readonly company: string;
  readonly inputs: readonly FormInput[];
  /** One value for this opening of the form. */
  readonly key: string;
}

/** What became of sending it: the values that were sent, and what was wrong. */
export interface FormState {
  readonly fields: RecordData;
  readonly issues: readonly Issue[];
  /** What went wrong beyond the fields. */
  readonly refusal?: string | undefined;
  /** Files came, too, which no page can put back into its input. */
  readonly hadFiles?: boolean | undefined;
}

/** The form's address with the same view, and more. */
export const addressOfView = (view: FormView, more: Readonly<Record<string, string>> = {}): string => {
  const query = new URLSearchParams({
    lang: view.language,
    ...(view.isEmbedded ? { embed: '1' } : {}),
    ...(view.theme === undefined ? {} : { theme: view.theme }),
    ...more,
  });
  return `${view.path}?${query.toString()}`;
};

const page = (view: FormView, title: string, content: Html): string => {
  const version = encodeURIComponent(view.assetVersion);
  return markup`<!doctype html>
<html lang="${view.language}"${view.theme !== undefined && markup` data-theme="${view.theme}"`}${view.isEmbedded && markup` data-embedded`}>
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="${view.theme ?? 'light dark'}">
<link rel="stylesheet" href="/forms/form.css?v=${version}">
<script src="/forms/form.js?v=${version}" defer></script>
</head>
<body>
<main class="card">
${content}</main>
</body>
</html>
`.html;
};

/** JSON pointers of issues name inputs; what names none is said above the form. */
const nameOf = (issue: Issue): string => issue.path.split('/')[1] ?? '';

const summary = (inputs: readonly FormInput[], state: FormState, language: Language): Html => {
  const texts = formTexts[language];
  const entry = (issue: Issue): Html => {
    const input = inputs.find(({ name }) => name === nameOf(issue));
    return input === undefined
      ? markup`<li>${issue.message}</li>`
      : markup`<li><a href="#${inputId(input.name)}">${input.shortLabel}</a>: ${issue.message}</li>`;
  };
  const isWrong = state.issues.length > 0 || state.refusal !== undefined;
  return markup`<div class="summary" id="faults" role="alert" tabindex="-1"${!isWrong && markup` hidden`}>
<h2>${state.refusal === undefined ? texts.faults : texts.refused}</h2>
<p${state.refusal === undefined && markup` hidden`}>${state.refusal}</p>
<ul>${state.issues.map(entry)}</ul>
</div>
`;
};

const heading = ({ company, form }: FormContent, language: Language): Html => markup`<p class="company">${company}</p>
<h1>${form.title[language]}</h1>
`;

const thanks = (
  content: FormContent,
  view: FormView,
  isShown: boolean,
): Html => markup`<section class="thanks" id="thanks" tabindex="-1"${!isShown && markup` hidden`}>
<svg viewBox="0 0 48 48" width="48" height="48" aria-hidden="true"><circle cx="24" cy="24" r="22"/><path d="m14 25 7 7 14-15"/></svg>
<div role="status">${paragraphs(content.form.thanks[view.language])}</div>
<p><a href="${addressOfView(view)}">${formTexts[view.language].another}</a></p>
</section>
`;

const languageLink = (view: FormView): Html => {
  const other = view.language === 'de' ? 'en' : 'de';
  return markup`<p class="languages"><a href="${addressOfView({ ...view, language: other })}" lang="${other}" hreflang="${other}">${formTexts[view.language].otherLanguage}</a></p>
`;
};

/** Neither seen nor read out nor reached by keyboard; only robots fill it in. */
const trap = (
  language: Language,
): Html => markup`<div class="trap" aria-hidden="true"><label for="website">${formTexts[language].leaveEmpty}</label><input id="website" name="${honeypot}" type="text" tabindex="-1" autocomplete="off"></div>
`;

/** What was sent for an input, also under a name that is spelled otherwise. */
const sentFor = ({ fields }: FormState, { name }: FormInput): unknown =>
  fields[name] ?? Object.entries(fields).find(([one]) => bareName(one) === bareName(name))?.[1];

/** What a form of somebody's own sent beyond these inputs goes along, but for what is wrong: nobody could mend it here. */
const kept = (inputs: readonly FormInput[], { fields, issues }: FormState): Html => {
  const known = new Set([...inputs.map(({ name }) => name), ...issues.map(nameOf)].map(bareName));
  const others = Object.entries(fields).filter(([name]) => !known.has(bareName(name)));
  const values = others.flatMap(([name, value]) => [value].flat().map((one) => ({ name, value: one })));
  return markup`${values.map(({ name, value }) => typeof value === 'string' && markup`<input type="hidden" name="${name}" value="${value}">\n`)}`;
};

/** The form, empty or as it was sent with each fault at its input. */
export function renderForm(
  content: FormContent,
  view: FormView,
  state: FormState = { fields: {}, issues: [] },
): string {
  const { form, inputs, key } = content;
  const { language } = view;
  const texts = formTexts[language];
  const faultOf = ({ name, control }: FormInput): string | undefined =>
    state.issues.find((issue) => nameOf(issue) === name)?.message ??
    (control === 'file' && state.hadFiles === true ? texts.chooseAgain : undefined);
  const hasFiles = inputs.some(({ control }) => control === 'file');
  const title =
    state.issues.length > 0 || state.refusal !== undefined
      ? `${texts.faults}: ${form.title[language]}`
      : form.title[language];
  return page(
    view,
    title,
    markup`<div id="asking">
${heading(content, language)}${
      form.intro !== undefined &&
      markup`<div class="intro">${paragraphs(form.intro[language])}</div>
`
    }${summary(inputs, state, language)}<form id="form" method="post" action="${addressOfView(view)}"${hasFiles && markup` enctype="multipart/form-data"`} data-missing="${texts.missing}" data-unticked="${texts.unticked}" data-not-email="${texts.notEmail}" data-offline="${texts.offline}" data-faults="${texts.faults}" data-refused="${texts.refused}" data-sending="${texts.sending}">
<input type="hidden" name="${formKey}" value="${key}">
${kept(inputs, state)}${trap(language)}<div class="fields">
${inputs.map((input) => renderInput(input, { language, value: sentFor(state, input), fault: faultOf(input) }))}</div>
${
  inputs.some(({ isRequired }) => isRequired) &&
  markup`<p class="legend"><span class="mark" aria-hidden="true">*</span> ${texts.required}</p>
`
}<button type="submit">${form.submit?.[language] ?? texts.submit}</button>
</form>
${languageLink(view)}</div>
${thanks(content, view, false)}`,
  );
}

/** What a visitor reads after sending without a script. */
export function renderThanks(content: FormContent, view: FormView): string {
  return page(
    view,
    content.form.title[view.language],
    markup`${heading(content, view.language)}${thanks(content, view, true)}`,
  );
}

/** What a visitor reads at an address without a form. */
export function renderNoForm(view: FormView): string {
  const texts = formTexts[view.language];
  return page(
    view,
    texts.noForm,
    markup`<h1>${texts.noForm}</h1>
<div class="intro"><p>${texts.noFormWhy}</p></div>
`,
  );
}
