// A page whose charts stand still: each is drawn from the figures in it.

import { drawCharts } from './charts.js';

drawCharts();
