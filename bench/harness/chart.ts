// Draws charts of results. They are laid out by hand for the width of a README, and have a white
// background, so that they look the same in a light and in a dark theme.
import type { CustomSeriesOption, EChartsOption } from 'echarts';
import { init } from 'echarts/dist/echarts.esm.min.mjs';
import { describeProcessors } from './environment.js';
import type { Report, Result } from './report.js';
import type { Summary } from './statistics.js';

type Value = string | number | boolean;

/** A field of the settings, and its name. */
export interface Dimension {
  readonly field: string;

  /** With the unit, if the labels lack it. */
  readonly name: string;
  readonly label: (value: Value) => string;
}

/** The plan of a chart: one figure of every contender, as median, least and most. */
export interface ChartPlan {
  /** Name of its file, without extension. */
  readonly name: string;
  readonly kind: 'line' | 'bar';
  readonly title: string;

  /** Name of the figure, and of the vertical axis. */
  readonly figure: string;
  readonly x: Dimension;

  /** Makes one panel for each value of another field. */
  readonly panels?: Dimension;

  /** Divides each figure by that of the first contender in the same repeat. */
  readonly isRatio?: boolean;

  /** For figures that differ by orders of magnitude. */
  readonly isLogarithmic?: boolean;

  /** Selects the results to show. */
  readonly only?: (result: Result) => boolean;
}

interface Point {
  readonly x: number;
  readonly summary: Summary;
}

const width = 960;
const height = 480;
const top = 128;
const left = 72;
const gap = 24;
const right = 24;
const ink = '#24292f';
const faint = '#d0d7de';

/**
 * Okabe and Ito's colours, which suit colour-blind readers, without the yellow, too pale on white.
 */
const colours = ['#6e7781', '#e69f00', '#0072b2', '#56b4e9', '#009e73', '#d55e00', '#cc79a7'];
const symbols = ['circle', 'diamond', 'rect', 'triangle', 'circle', 'rect', 'diamond'];

/** Returns an SVG; the same for the same report. */
export function drawChart(report: Report, plan: ChartPlan): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption(layOut(report, plan));
    return withoutInteraction(chart.renderToSVGString());
  } finally {
    chart.dispose();
  }
}

/** Removes the parts that react to a pointer, which a picture in a README does not need. */
function withoutInteraction(svg: string): string {
  return (
    svg
      .replaceAll(/ (?:ecmeta_\w+|class|pointer-events)="[^"]*"/g, '')
      // This number counts the charts of the process.
      .replaceAll(/\bzr\d+-/g, 'zr-')
      .replaceAll(/<style.*?<\/style>\s*/gs, '')
  );
}

function layOut(report: Report, plan: ChartPlan): EChartsOption {
  const results = report.results.filter(
    (result) => summaryOf(result, plan) !== undefined && (plan.only?.(result) ?? true),
  );
  const panels = valuesOf(results, plan.panels?.field);
  const columns = valuesOf(results, plan.x.field);
  const contenders = [...new Set(results.map(({ contender }) => contender))];
  const unit = plan.isRatio ? `${plan.figure} by ${contenders[0]}` : plan.figure;
  const panelWidth = (width - left - right - gap * (panels.length - 1)) / panels.length;
  const leftOf = (panel: number) => left + panel * (panelWidth + gap);
  const text = { color: ink, fontSize: 12 };
  const scale = scaleOf(
    results.flatMap((result) => summaryOf(result, plan) ?? []),
    plan,
  );
  return {
    animation: false,
    backgroundColor: '#ffffff',
    color: colours,
    textStyle: { fontFamily: 'Helvetica, Arial, sans-serif' },
    title: [
      {
        text: plan.title,
        left: 20,
        top: 12,
        subtext: describe(report),
        textStyle: { color: ink, fontSize: 18 },
        subtextStyle: { color: '#57606a', fontSize: 12 },
      },
      ...panels.flatMap((panel, index) => {
        if (plan.panels === undefined || panel === undefined) return [];
        const place = { left: leftOf(index) + panelWidth / 2, top: top - 32 };
        const textStyle = { ...text, fontSize: 13 };
        return [
          { ...place, text: plan.panels.label(panel), textAlign: 'center', textStyle } as const,
        ];
      }),
    ],
    legend: {
      data: contenders,
      bottom: 8,
      itemGap: 16,
      itemWidth: 22,
      selectedMode: false,
      textStyle: text,
    },
    grid: panels.map((_, index) => ({
      left: leftOf(index),
      top,
      width: panelWidth,
      bottom: 66 + 30 * legendRows(contenders),
    })),
    xAxis: panels.map((_, gridIndex) => ({
      gridIndex,
      type: 'category',
      data: columns.map((value) => plan.x.label(value ?? '')),
      name: plan.x.name,
      nameLocation: 'middle',
      nameGap: 30,
      nameTextStyle: text,
      axisLabel: { ...text, interval: 0 },
      axisLine: { lineStyle: { color: ink } },
      axisTick: { alignWithLabel: true },
    })),
    yAxis: panels.map((_, gridIndex) => ({
      gridIndex,
      type: plan.isLogarithmic ? 'log' : 'value',
      name: unit,
      nameTextStyle: { ...text, align: 'left', padding: [0, 0, 8, -40] },
      ...(gridIndex > 0 && { name: '' }),
      axisLabel: {
        ...text,
        show: gridIndex === 0,
        formatter: (value: number) => value.toLocaleString('en'),
      },
      splitLine: { lineStyle: { color: faint } },
      ...scale,
    })),
    series: panels.flatMap((panel, index) => {
      const isHere = ({ setting }: Result) => setting[plan.panels?.field ?? ''] === panel;
      const inside = results.filter(isHere);
      // A contender without results in a panel takes no space there.
      const present = contenders.filter((name) => inside.some((it) => it.contender === name));
      return present.flatMap((contender, place) => {
        const points = inside.flatMap((result): Point[] => {
          const summary = summaryOf(result, plan);
          if (result.contender !== contender || summary === undefined) return [];
          return [{ x: columns.indexOf(result.setting[plan.x.field]), summary }];
        });
        const axes = { xAxisIndex: index, yAxisIndex: index };
        const common = { ...axes, name: contender, silent: true };
        const order = contenders.indexOf(contender);
        const bar = { order: place, count: present.length };
        return [
          { ...common, ...medians(plan.kind, points, order) },
          { ...common, clip: false, ...ranges(points, plan.kind === 'bar' ? bar : undefined) },
        ];
      });
    }),
  } as EChartsOption;
}

function summaryOf(result: Result, { figure, isRatio }: ChartPlan): Summary | undefined {
  return (isRatio ? result.ratios : result.figures)[figure];
}

function medians(kind: ChartPlan['kind'], points: readonly Point[], order: number) {
  const data = points.map(({ x, summary }) => [x, summary.median]);
  if (kind === 'bar') return { type: kind, data, barGap: '0%', barCategoryGap: '25%' } as const;
  const symbol = symbols[order % symbols.length];
  const lineStyle = { width: 2 };
  return { type: kind, clip: false, data, symbol, symbolSize: 8, lineStyle } as const;
}

/** Thin bars from the least to the most; where bars stand side by side, each at its own. */
function ranges(points: readonly Point[], place?: { order: number; count: number }) {
  const data = points.map(({ x, summary: { least, most } }) => [x, least, most]);
  const renderItem: CustomSeriesOption['renderItem'] = (_, api) => {
    const layout =
      place && api.barLayout({ barGap: '0%', barCategoryGap: '25%', count: place.count });
    const offset = layout?.[place?.order ?? 0]?.offsetCenter ?? 0;
    const [x = 0, low = 0] = api.coord([api.value(0), api.value(1)]);
    const [, high = 0] = api.coord([api.value(0), api.value(2)]);
    const at = x + offset;
    const cap = (y: number) => `M${at - 4} ${y}h8`;
    return {
      type: 'path',
      shape: { pathData: `M${at} ${low}V${high}${cap(low)}${cap(high)}` },
      style: { stroke: place ? ink : (api.visual('color') ?? ink), lineWidth: 1.2 },
    };
  };
  return { type: 'custom', data, renderItem, z: 3 } as const;
}

/** One scale for all panels, so that they can be compared at a glance. */
function scaleOf(summaries: readonly Summary[], { isLogarithmic }: ChartPlan) {
  const least = Math.min(...summaries.map((summary) => summary.least));
  const most = Math.max(...summaries.map((summary) => summary.most));
  const powerBelow = (value: number) => 10 ** Math.floor(Math.log10(value));
  if (isLogarithmic) return { min: powerBelow(least), max: 10 ** Math.ceil(Math.log10(most)) };
  const power = powerBelow(most / 5);
  const interval = [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step * 6 >= most);
  return interval && { interval, max: Math.ceil(most / interval) * interval };
}

/** Estimated rows of the legend: text cannot be measured without a browser. */
function legendRows(names: readonly string[]): number {
  const widths = names.map(({ length }) => 5.5 * length + 43);
  return Math.ceil(widths.reduce((sum, next) => sum + next, 0) / width);
}

function valuesOf(results: readonly Result[], field: string | undefined): (Value | undefined)[] {
  return [...new Set(results.map(({ setting }) => (field ? setting[field] : undefined)))];
}

function describe({ environment, repeats }: Report): string {
  const { node, commit } = environment;
  return [
    ...[`Node.js ${node}`, describeProcessors(environment)],
    `commit ${commit}`,
    `medians of ${repeats} alternated repeats, with least and most`,
  ].join(' · ');
}
