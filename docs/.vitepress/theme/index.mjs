/** The usual theme in the reader's own fonts: the site asks no other host for anything. */
import theme from 'vitepress/theme-without-fonts';
import './style.css';

export default theme;
