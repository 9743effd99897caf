export { createOuroboros, type OuroborosProvider, type OuroborosSettings } from './provider.ts'
