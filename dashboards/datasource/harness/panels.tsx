import {
  DataFrame,
  dateTimeFormat,
  FieldDisplay,
  FieldType,
  getDisplayValueAlignmentFactors,
  getFieldDisplayName,
  getFieldDisplayValues,
  renderMarkdown,
  TimeRange,
  VizOrientation,
} from '@grafana/data';
import { getTemplateSrv } from '@grafana/runtime';
import { BarGauge, BigValue, TimeSeries, useTheme2, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import * as React from 'react';
import type { Panel } from './grid';
import { Timeline } from './timeline';

interface Props {
  panel: Panel;
  frames: DataFrame[];
  range: TimeRange;
  width: number;
  height: number;
}

/** What draws a panel where Grafana's packages have no component for it. */
export const ownDrawing: Record<string, string> = {
  'state-timeline': 'bars by the harness',
  logs: 'list by the harness',
};

/** How many rows, or values where rows are not what counts, a panel was given. */
export const rowsOf = (frames: DataFrame[]) => frames.reduce((sum, frame) => sum + frame.length, 0);

/** Draws the inside of a panel from its frames. */
export function Inside(props: Props) {
  const { panel, frames } = props;
  if (panel.type === 'text') {
    const html = renderMarkdown(getTemplateSrv().replace(panel.options.content));
    return <div className="markdown-html" dangerouslySetInnerHTML={{ __html: html }} />;
  }
  if (panel.type === 'stat' || panel.type === 'bargauge') {
    return <Values {...props} />;
  }
  if (rowsOf(frames) === 0) {
    return <Nothing {...props} />;
  }
  switch (panel.type) {
    case 'table':
      return <Table {...props} />;
    case 'timeseries':
      return <Lines {...props} />;
    case 'state-timeline':
      return <Timeline {...props} perPage={panel.options.perPage} />;
    case 'logs':
      return <Logs {...props} />;
    default:
      throw new Error(`the harness draws no ${panel.type}`);
  }
}

function Nothing({ panel, width, height }: Props) {
  const theme = useTheme2();
  return (
    <div style={{ width, height, display: 'grid', placeItems: 'center', color: theme.colors.text.secondary }}>
      {panel.fieldConfig?.defaults.noValue ?? 'No data'}
    </div>
  );
}

function Table({ panel, frames, width, height }: Props) {
  return (
    <TableNG
      data={frames[0]}
      width={width}
      height={height}
      cellHeight={panel.options.cellHeight}
      noHeader={!panel.options.showHeader}
      fieldConfig={panel.fieldConfig}
      enableVirtualization={false}
    />
  );
}

function Lines({ panel, frames, range, width, height }: Props) {
  const numbers = frames.filter(({ fields }) => fields.some(({ type }) => type === FieldType.number));
  return (
    <TimeSeries
      frames={numbers}
      timeRange={range}
      timeZone="browser"
      width={width}
      height={height}
      legend={panel.options.legend}
      options={panel.options}
    />
  );
}

function Values({ panel, frames, width, height }: Props) {
  const theme = useTheme2();
  const { reduceOptions, orientation } = panel.options;
  const getValues = () =>
    getFieldDisplayValues({
      fieldConfig: panel.fieldConfig!,
      reduceOptions,
      replaceVariables: (text) => getTemplateSrv().replace(text),
      theme,
      data: frames,
      timeZone: 'browser',
    });
  const stat = panel.type === 'stat';
  return (
    <VizRepeater<FieldDisplay, ReturnType<typeof getDisplayValueAlignmentFactors>>
      getValues={getValues}
      getAlignmentFactors={(values) => getDisplayValueAlignmentFactors(values)}
      renderValue={({ value, alignmentFactors, count, ...box }) =>
        stat ? (
          <BigValue
            {...panel.options}
            {...box}
            count={count}
            value={value.display}
            alignmentFactors={alignmentFactors}
            theme={theme}
          />
        ) : (
          <BarGauge
            {...panel.options}
            {...box}
            valueDisplayMode={panel.options.valueMode}
            field={value.field}
            value={value.display}
            display={value.view?.getFieldDisplayProcessor(value.colIndex ?? 0)}
            alignmentFactors={alignmentFactors}
            theme={theme}
          />
        )
      }
      width={width}
      height={height}
      source={frames}
      itemSpacing={stat ? 3 : 8}
      autoGrid={stat}
      renderCounter={0}
      orientation={orientation === 'horizontal' ? VizOrientation.Horizontal : VizOrientation.Auto}
      minVizHeight={stat ? undefined : 16}
    />
  );
}

const levels: Record<string, string> = { error: '#e24d42', warning: '#eab839', info: '#7eb26d' };

function Logs({ frames, height }: Props) {
  const theme = useTheme2();
  const lines = frames.flatMap((frame) => {
    const field = (...names: string[]) => frame.fields.find(({ name }) => names.includes(name))?.values ?? [];
    const [times, bodies, severities] = [field('timestamp', 'time'), field('body', 'line'), field('severity', 'level')];
    return bodies.map((body, i) => ({ at: Number(times[i]), body: String(body), level: String(severities[i] ?? '') }));
  });
  lines.sort((a, b) => b.at - a.at);
  return (
    <div style={{ height, overflow: 'hidden', font: '12px/20px monospace', color: theme.colors.text.primary }}>
      {lines.map(({ at, body, level }, i) => (
        <div key={i} style={{ borderLeft: `3px solid ${levels[level] ?? '#8e8e8e'}`, paddingLeft: 8 }}>
          <span style={{ color: theme.colors.text.secondary }}>{dateTimeFormat(at)}</span> {body}
        </div>
      ))}
    </div>
  );
}

/** The name of each column, for a test to look at. */
export const headings = (frames: DataFrame[]) =>
  frames.flatMap((frame) => frame.fields.map((field) => getFieldDisplayName(field, frame, frames)));
