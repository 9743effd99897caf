import { signal } from '@preact/signals'

export const VIEWS = ['chat', 'race', 'replay'] as const
export const PANELS = ['step', 'charts', 'phrases', 'settings'] as const
export type View = (typeof VIEWS)[number]

export const view = signal<View>(location.protocol === 'file:' ? 'replay' : 'chat')
export const panel = signal<(typeof PANELS)[number]>('step')
