/** What the marks of tokens mean. */
export function Legend() {
  return (
    <ul class="legend" aria-label="Who wrote a token first">
      <li>
        <span class="token target">target model</span>
      </li>
      <li>
        <span class="token draft">draft model</span>
      </li>
      <li>
        <span class="token phrase">phrase</span>
      </li>
    </ul>
  )
}
