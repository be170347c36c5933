/**
 * Makes the hosted form better than it is without: sends it in place, says each fault at its input, thanks without loading another page.
 * The page works without this script; nothing here is needed for a message to arrive.
 */
(() => {
  const byId = (id) => document.getElementById(id);
  const idOf = (name) => `f-${name}`;
  const inputOf = (name) => byId(idOf(name));

  /** Faults by the name of their input; '' stands for the whole form. */
  const showFaults = (form, faults, refusal) => {
    const list = byId('faults');
    const [heading, detail, entries] = [list.querySelector('h2'), list.querySelector('p'), list.querySelector('ul')];
    for (const place of form.querySelectorAll('.fault')) {
      const name = place.id.replace(/^f-|-fault$/g, '');
      const fault = faults.find((one) => one.name === name);
      place.textContent = fault?.message ?? '';
      place.hidden = fault === undefined;
      const control = inputOf(name);
      if (fault === undefined) control?.removeAttribute('aria-invalid');
      else control?.setAttribute('aria-invalid', 'true');
    }
    heading.textContent = refusal === undefined ? form.dataset.faults : form.dataset.refused;
    detail.textContent = refusal ?? '';
    detail.hidden = refusal === undefined;
    entries.replaceChildren(...faults.map(faultEntry));
    list.hidden = faults.length === 0 && refusal === undefined;
    if (!list.hidden) list.focus();
  };

  const faultEntry = ({ name, message }) => {
    const entry = document.createElement('li');
    const label = byId(`${idOf(name)}-fault`)?.dataset.label;
    if (label === undefined) {
      entry.textContent = message;
      return entry;
    }
    const link = document.createElement('a');
    link.href = `#${idOf(name)}`;
    link.textContent = label;
    link.addEventListener('click', (event) => {
      event.preventDefault();
      inputOf(name)?.focus();
    });
    entry.append(link, `: ${message}`);
    return entry;
  };

  /** What the browser can say without asking the server, in the form's language instead of the browser's. */
  const findFaults = (form) =>
    [...form.querySelectorAll('input, select, textarea')].flatMap((control) => {
      const { validity, name, type } = control;
      if (validity === undefined || validity.valid || name === '') return [];
      if (validity.valueMissing)
        return [{ name, message: type === 'checkbox' ? form.dataset.unticked : form.dataset.missing }];
      return [
        {
          name,
          message: validity.typeMismatch && type === 'email' ? form.dataset.notEmail : control.validationMessage,
        },
      ];
    });

  const readProblem = async (response) => {
    try {
      return await response.json();
    } catch {
      return {};
    }
  };

  // Attributes, not properties: a field named "action" would stand in the property's place.
  const post = async (form) => {
    const response = await window.fetch(form.getAttribute('action'), {
      method: 'POST',
      headers: { accept: 'application/json' },
      body:
        form.getAttribute('enctype') === 'multipart/form-data'
          ? new FormData(form)
          : new URLSearchParams(new FormData(form)),
    });
    if (response.ok) return undefined;
    const { errors = [], detail = '' } = await readProblem(response);
    const faults = errors.map(({ path, message }) => ({ name: path.split('/')[1] ?? '', message }));
    return { faults, refusal: faults.length > 0 ? undefined : `${detail} (${response.status})`.trim() };
  };

  const thank = () => {
    byId('asking').hidden = true;
    const thanks = byId('thanks');
    thanks.hidden = false;
    thanks.focus();
    thanks.scrollIntoView({ block: 'nearest' });
  };

  const enhance = (form) => {
    const button = form.querySelector('button[type="submit"]');
    const label = button.textContent;
    let isSending = false;
    const send = async () => {
      isSending = true;
      button.setAttribute('aria-disabled', 'true');
      button.textContent = form.dataset.sending;
      try {
        const refused = await post(form);
        if (refused === undefined) thank();
        else showFaults(form, refused.faults, refused.refusal);
      } catch {
        showFaults(form, [], form.dataset.offline);
      } finally {
        isSending = false;
        button.removeAttribute('aria-disabled');
        button.textContent = label;
      }
    };
    form.noValidate = true;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (isSending) return;
      const faults = findFaults(form);
      showFaults(form, faults);
      if (faults.length === 0) void send();
    });
  };

  /** Tells the page around the frame how high the form is; that number is no secret, so any page may have it. */
  const tellHeight = () => {
    const tell = () =>
      window.parent.postMessage(
        { type: 'leitwerk:height', height: Math.ceil(document.body.getBoundingClientRect().height) },
        '*',
      );
    new ResizeObserver(tell).observe(document.body);
    tell();
  };

  const form = byId('form');
  if (form !== null) enhance(form);
  if (window.parent !== window) tellHeight();
  // After sending without this script the page comes back with its faults: begin there.
  const faults = byId('faults');
  if (faults !== null && !faults.hidden) faults.focus();
})();
