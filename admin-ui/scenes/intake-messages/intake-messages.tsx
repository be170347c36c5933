export function IntakeMessages() {
  return undefined;
}
