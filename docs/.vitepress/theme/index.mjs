/** The usual theme in the reader's own fonts: the site asks no other host for anything. */
import theme from 'vitepress/theme-without-fonts';
import DwellRing from './DwellRing.vue';
import './style.css';

export default {
  extends: theme,
  enhanceApp({ app }) {
    app.component('DwellRing', DwellRing);
  },
};
