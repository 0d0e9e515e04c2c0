import { Component } from '@angular/core';
import { RouterLink, type Routes } from '@angular/router';
import { OfferCard } from './offer-card';
import { PlanOffer } from './plan-offer';

@Component({
  imports: [OfferCard, RouterLink],
  template: `
    <h1>Shop</h1>
    <app-offer-card />
    <a routerLink="/plans">Plans</a>
  `,
})
class Home {}

@Component({
  imports: [PlanOffer, RouterLink],
  template: `
    <h1>Plans</h1>
    <app-plan-offer />
    <a routerLink="/">Home</a>
  `,
})
class Plans {}

export const routes: Routes = [
  { path: '', component: Home },
  { path: 'plans', component: Plans },
];
