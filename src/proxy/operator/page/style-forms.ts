/** What operators fill in and press, and what the page answers them. */
export const FORMS = `
form {
  margin: 0;
}
label {
  display: grid;
  gap: 0.2rem;
  font-weight: 600;
}
input,
select,
button {
  min-height: 2.25rem;
  padding: 0.3rem 0.6rem;
  font: inherit;
  color: inherit;
  background: var(--card);
  border: 1px solid var(--quiet);
  border-radius: 6px;
}
button {
  padding-inline: 0.9rem;
  color: var(--on-accent);
  background: var(--accent);
  border-color: var(--accent);
  cursor: pointer;
}
button.quiet,
td button,
.actions button:not(.danger) {
  color: var(--accent);
  background: none;
}
button.danger {
  color: var(--card);
  background: var(--bad);
  border-color: var(--bad);
}
.filter,
.actions {
  display: flex;
  flex-wrap: wrap;
  align-items: end;
  gap: 0.75rem;
}
.actions {
  align-items: center;
  margin-top: 1rem;
}
.filter label {
  max-width: 100%;
}
.filter select {
  max-width: 18rem;
}
.stack {
  display: grid;
  gap: 0.75rem;
}
.stack button {
  justify-self: start;
}
details {
  margin-top: 0.75rem;
}
summary {
  padding-block: 0.3rem;
  cursor: pointer;
}
.fault,
.alert {
  padding: 0.6rem 0.9rem;
  color: var(--bad);
  border: 1px solid currentcolor;
  border-radius: 8px;
}
.alert {
  margin-bottom: 1rem;
}
.alert p {
  margin: 0.25rem 0 0;
  color: var(--text);
}
.done {
  padding: 0.6rem 0.9rem;
  color: var(--good);
  border: 1px solid currentcolor;
  border-radius: 8px;
}
`;
