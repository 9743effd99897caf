import { OuroborosError } from '../../core/errors.ts'

/** `at` = where in the schema. */
export function wrong(at: string, why: string): OuroborosError {
  return new OuroborosError('E_GRAMMAR', `JSON schema, ${at}: ${why}`)
}
