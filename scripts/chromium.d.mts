export const CHROMIUM: readonly string[]
export function installChromium(): void
