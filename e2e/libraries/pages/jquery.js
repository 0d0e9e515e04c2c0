/** Plugins look for jQuery where a script tag would have put it. */
import jQuery from 'jquery';

window.$ = jQuery;
window.jQuery = jQuery;

export default jQuery;
