import { Component, signal } from '@angular/core';

@Component({
  selector: 'app-offer-card',
  template: `
    @if (isOpen()) {
      <article class="card">
        <h2>Two months on us</h2>
        <button type="button">Switch to yearly</button>
        <button type="button" (click)="isOpen.set(false)">No, thanks</button>
      </article>
    }
  `,
})
export class OfferCard {
  protected readonly isOpen = signal(true);
}
