import { DataFrame, dateTimeFormat, Field, FieldType, getFieldDisplayName, TimeRange } from '@grafana/data';
import { useTheme2, VizLegend } from '@grafana/ui';
import { LegendDisplayMode } from '@grafana/schema';
import * as React from 'react';

interface Bar {
  from: number;
  to: number;
  text: string;
  color: string;
}

interface Line {
  name: string;
  bars: Bar[];
}

/** The bars of one field: neighbours of the same word are one, a silence that is too long ends one. */
function barsOf(times: number[], field: Field, range: TimeRange): Bar[] {
  const [begin, end] = [range.from.valueOf(), range.to.valueOf()];
  const limit: unknown = field.config.custom?.insertNulls;
  const bars: Bar[] = [];
  field.values.forEach((value, i) => {
    const next = Math.min(times[i + 1] ?? end, end);
    const from = Math.max(times[i], begin);
    if (value === null || value === undefined || next <= from) {
      return;
    }
    const to = typeof limit === 'number' && limit > 0 ? Math.min(next, times[i] + limit) : next;
    const shown = field.display!(value);
    const text = [shown.prefix, shown.text, shown.suffix].filter(Boolean).join('');
    const last = bars.at(-1);
    if (last && last.text === text && last.to === from) {
      last.to = to;
    } else {
      bars.push({ from, to, text, color: shown.color ?? '#8e8e8e' });
    }
  });
  return bars;
}

const labelWidth = 190;
const axisHeight = 22;
const legendLine = 24;

/** A state timeline. Grafana's own is not in its packages: this draws the same values, words and colours as bars. */
export function Timeline({
  frames,
  range,
  width,
  height,
  perPage,
}: {
  frames: DataFrame[];
  range: TimeRange;
  width: number;
  height: number;
  perPage: number;
}) {
  const theme = useTheme2();
  const lines: Line[] = frames.flatMap((frame) => {
    const times: number[] = frame.fields.find(({ type }) => type === FieldType.time)?.values ?? [];
    return frame.fields
      .filter(({ type, config }) => type !== FieldType.time && config.custom?.hideFrom?.viz !== true)
      .map((field) => ({ name: getFieldDisplayName(field, frame, frames), bars: barsOf(times, field, range) }));
  });
  const shown = lines.slice(0, perPage);
  const words = new Map(lines.flatMap(({ bars }) => bars.map(({ text, color }) => [text, color] as const)));
  const [begin, end] = [range.from.valueOf(), range.to.valueOf()];
  const plot = width - labelWidth;
  const letters = [...words.keys()].reduce((sum, text) => sum + text.length * 7 + 34, 0);
  const legendHeight = legendLine * Math.min(3, Math.ceil(letters / (width - 90)));
  const rows = height - axisHeight - legendHeight;
  const row = rows / Math.max(shown.length, 1);
  const at = (time: number) => labelWidth + ((time - begin) / (end - begin)) * plot;
  const day = end - begin > 36 * 3_600_000;
  const count = Math.max(2, Math.floor(plot / (day ? 110 : 80)));
  const ticks = Array.from({ length: count }, (_, i) => begin + ((i + 0.5) / count) * (end - begin));
  return (
    <div style={{ width, height, overflow: 'hidden' }}>
      <svg width={width} height={rows + axisHeight} style={{ display: 'block', font: '12px sans-serif' }}>
        {shown.map(({ name, bars }, i) => (
          <g key={i} transform={`translate(0 ${i * row})`}>
            <text
              x={labelWidth - 8}
              y={row / 2 + 4}
              textAnchor="end"
              fill={theme.colors.text.primary}
              fontSize={Math.min(12, row)}
            >
              {name}
            </text>
            {bars.map(({ from, to, text, color }, j) => {
              const wide = at(to) - at(from);
              return (
                <g key={j}>
                  <rect
                    x={at(from)}
                    y={row * 0.08}
                    width={Math.max(wide, 1)}
                    height={row * 0.84}
                    fill={color}
                    opacity={0.8}
                  />
                  {wide > text.length * 7 + 8 && row > 12 && (
                    <text x={at(from) + 4} y={row / 2 + 4} fill={theme.colors.getContrastText(color)}>
                      {text}
                    </text>
                  )}
                </g>
              );
            })}
          </g>
        ))}
        {ticks.map((time) => (
          <text key={time} x={at(time)} y={rows + 16} textAnchor="middle" fill={theme.colors.text.secondary}>
            {dateTimeFormat(time, { format: day ? 'MM-DD HH:mm' : 'HH:mm' })}
          </text>
        ))}
      </svg>
      <div style={{ display: 'flex', height: legendHeight, alignItems: 'center', gap: 16 }}>
        <div style={{ flexGrow: 1, overflow: 'hidden' }}>
          <VizLegend
            displayMode={LegendDisplayMode.List}
            placement="bottom"
            items={[...words].map(([label, color]) => ({ label, color, yAxis: 1 }))}
          />
        </div>
        {lines.length > shown.length && (
          <span style={{ color: theme.colors.text.secondary, whiteSpace: 'nowrap', fontSize: 12 }}>
            1 to {shown.length} of {lines.length}
          </span>
        )}
      </div>
    </div>
  );
}
