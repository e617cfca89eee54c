import { readFileSync } from 'fs';
import { join } from 'path';
import { legend } from './legend';

describe('The legend', () => {
  it('is strict JSON in the source, so that the Go side can read it', () => {
    const source = readFileSync(join(__dirname, 'legend.ts'), 'utf8');
    const literal = source.slice(source.indexOf('Legend = {') + 'Legend = '.length, source.lastIndexOf(';'));
    expect(JSON.parse(literal)).toEqual(legend);
  });

  it('has no green for what is not known, and a text for every colour', () => {
    expect(legend.state.unknown.color).not.toContain('green');
    for (const group of [legend.state, legend.severity, legend.clock]) {
      expect(Object.values(group).every(({ text }) => text.length > 0)).toBe(true);
    }
  });

  it('gives each state of an asset a colour of its own', () => {
    const colours = Object.values(legend.state).map(({ color }) => color);
    expect(new Set(colours).size).toBe(colours.length);
  });
});
