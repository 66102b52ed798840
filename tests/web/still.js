// Puts the modules where tests can call them, and draws one of everything.
import { drawCharts, drawChart } from '/static/js/charts.js';
import * as formats from '/static/js/formats.js';
import { Prose, writeMarkdown } from '/static/js/markdown.js';
import * as money from '/static/js/money.js';
import { ask, tell } from '/static/js/page.js';
import { pendingNode, receiptNode } from '/static/js/receipt.js';

window.solvent = { ask, drawChart, drawCharts, formats, money, pendingNode, Prose, receiptNode, tell, writeMarkdown };
document.documentElement.dataset.ready = '';
