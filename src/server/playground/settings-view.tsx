import { type Field, method, offer, reset, SAMPLING, SYMBOLS, set, system, values } from './settings.ts'

export function SettingsPanel() {
  const { methods, aboutMethods, options } = offer.value
  return (
    <form class="settings" onSubmit={(event) => event.preventDefault()}>
      <div class="field">
        <label for="method">Method</label>
        <select
          id="method"
          aria-describedby="about-method"
          value={method.value}
          onChange={(event) => (method.value = event.currentTarget.value)}
        >
          {methods.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <small id="about-method">All methods give the same text. {aboutMethods}</small>
      </div>
      <div class="field">
        <label for="system">System message</label>
        <textarea id="system" rows={2} value={system.value} onInput={(event) => (system.value = event.currentTarget.value)} />
      </div>
      <fieldset>
        <legend>Sampling</legend>
        <div class="grid">
          {SAMPLING.map((field) => (
            <NumberField key={field.name} field={field} label={field.label} placeholder={field.fallback} />
          ))}
        </div>
      </fieldset>
      <fieldset>
        <legend>Drafting</legend>
        <p class="hint">Empty: the method's own choice. The symbols are the paper's.</p>
        <dl class="symbols">
          {SYMBOLS.map(([symbol, meaning]) => (
            <div key={symbol}>
              <dt>{symbol}</dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
        <div class="grid">
          {options.map((field) => (
            <NumberField key={field.name} field={field} label={field.name} placeholder="auto" />
          ))}
        </div>
      </fieldset>
      <button type="button" class="quiet" onClick={reset}>
        Reset all
      </button>
    </form>
  )
}

function NumberField({ field, label, placeholder }: { field: Field; label: string; placeholder: string }) {
  const { name, about, isWhole, min, max } = field
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <input
        id={name}
        aria-describedby={`about-${name}`}
        type="number"
        inputMode="decimal"
        step={isWhole ? 1 : 'any'}
        min={min}
        max={max}
        placeholder={placeholder}
        value={values.value[name] ?? ''}
        onInput={(event) => event.currentTarget.validity.valid && set(name, event.currentTarget.value)}
      />
      <small id={`about-${name}`}>{about}</small>
    </div>
  )
}
