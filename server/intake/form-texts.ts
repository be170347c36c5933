import type { Language } from '../../core/errors.ts';

const de = {
  required: 'Pflichtfeld',
  pleaseChoose: 'Bitte wählen',
  files: 'Dateien',
  chooseAgain: 'Dateien bitte noch einmal auswählen.',
  submit: 'Absenden',
  sending: 'Wird gesendet …',
  faults: 'Bitte prüfen Sie Ihre Angaben',
  refused: 'Das hat leider nicht geklappt',
  goBack: 'Ihre Angaben sind nicht verloren: Gehen Sie im Browser einen Schritt zurück und senden Sie noch einmal.',
  missing: 'Bitte ausfüllen.',
  unticked: 'Bitte bestätigen.',
  notEmail: 'Das ist keine E-Mail-Adresse.',
  offline: 'Keine Verbindung. Ihre Angaben stehen noch hier; bitte senden Sie noch einmal.',
  another: 'Noch eine Nachricht senden',
  otherLanguage: 'English',
  leaveEmpty: 'Dieses Feld bitte leer lassen',
  noForm: 'Dieses Formular gibt es nicht',
  noFormWhy: 'Vielleicht wurde es verschoben oder abgeschaltet. Bitte prüfen Sie die Adresse.',
};

const en: typeof de = {
  required: 'required',
  pleaseChoose: 'Please choose',
  files: 'Files',
  chooseAgain: 'Please choose the files once more.',
  submit: 'Send',
  sending: 'Sending …',
  faults: 'Please check your details',
  refused: 'That did not work',
  goBack: 'Your details are not lost: go back one step in your browser and send again.',
  missing: 'Please fill this in.',
  unticked: 'Please confirm this.',
  notEmail: 'This is not an e-mail address.',
  offline: 'No connection. Your details are still here; please send again.',
  another: 'Send another message',
  otherLanguage: 'Deutsch',
  leaveEmpty: 'Please leave this field empty',
  noForm: 'There is no such form',
  noFormWhy: 'It may have been moved or switched off. Please check the address.',
};

/** The words of hosted forms that no source has of its own. */
export const formTexts: Readonly<Record<Language, typeof de>> = { de, en };
