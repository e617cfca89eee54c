import { AnnotationQuery, CoreApp } from '@grafana/data';
import { setTemplateSrv } from '@grafana/runtime';
import { render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React, { useState } from 'react';
import { DataSource } from '../datasource';
import { queryTypeInfo } from '../querytypes';
import { settings } from '../testing/settings';
import { templates } from '../testing/templates';
import { FacilitiesQuery, ListField, listFields, queryTypes, VariableQuery } from '../types';
import { AnnotationEditor } from './AnnotationEditor';
import { CheatSheet } from './CheatSheet';
import { fields } from './fields';
import { QueryEditor } from './QueryEditor';
import { VariableQueryEditor } from './VariableQueryEditor';

const lists: Record<string, Array<{ text: string; value: string }>> = {
  'variables/buildings': [{ text: 'Block 1', value: 'b1' }],
  'variables/assets': [{ text: 'Lift 1, block 1', value: 'b1-l1' }],
};

function open(fails = false) {
  setTemplateSrv(templates({ name: 'building', chosen: 'b1' }));
  const datasource = new DataSource(settings);
  const asked = jest
    .spyOn(datasource, 'getResource')
    .mockImplementation((path) =>
      fails ? Promise.reject({ data: { error: 'the token is not accepted' } }) : Promise.resolve(lists[path] ?? [])
    );
  return { datasource, asked };
}

/** The query editor with its query held as a panel holds it. */
function Panel(props: { datasource: DataSource; initial: FacilitiesQuery; seen: jest.Mock; app?: CoreApp }) {
  const [query, setQuery] = useState(props.initial);
  return (
    <QueryEditor
      app={props.app}
      datasource={props.datasource}
      query={query}
      onChange={(next) => {
        props.seen(next);
        setQuery(next);
      }}
      onRunQuery={() => undefined}
    />
  );
}

async function panel(initial: FacilitiesQuery, more: { fails?: boolean; app?: CoreApp } = {}) {
  const { datasource, asked } = open(more.fails);
  const seen = jest.fn();
  render(<Panel datasource={datasource} initial={initial} seen={seen} app={more.app} />);
  await waitFor(() => expect(screen.queryByText('Loading')).toBeNull());
  return { asked, seen, last: (): FacilitiesQuery => seen.mock.calls.at(-1)[0] };
}

describe('The query editor', () => {
  it.each(queryTypes)(
    'shows for %s the filters that it looks at, each with its label, and no others',
    async (queryType) => {
      await panel({ refId: 'A', queryType });
      const looked = queryTypeInfo[queryType].lists;
      for (const field of listFields) {
        const input = screen.queryByLabelText(fields[field].label);
        expect(input !== null).toBe(looked.includes(field as ListField));
      }
    }
  );

  it('runs from the keyboard alone: type, filter, value', async () => {
    const user = userEvent.setup();
    const { last } = await panel({ refId: 'A', queryType: 'work_orders' });

    await user.tab();
    expect(screen.getByLabelText('Ask for')).toHaveFocus();
    await user.click(screen.getByLabelText('Building'));
    await user.keyboard('my-building');
    await user.keyboard('{ArrowDown}{Enter}');
    expect(last()).toMatchObject({ queryType: 'work_orders', building: ['my-building'] });
  });

  it('takes a name that is typed in full for its id', async () => {
    const user = userEvent.setup();
    const { last } = await panel({ refId: 'A', queryType: 'asset_kpi' });
    await user.click(screen.getByLabelText('Building'));
    await user.keyboard('block 1');
    await user.keyboard('{ArrowDown}{Enter}');
    expect(last().building).toEqual(['b1']);
  });

  it('refuses a number of rows that the server would refuse', async () => {
    const user = userEvent.setup();
    const { seen, last } = await panel({ refId: 'A', queryType: 'work_orders', limit: 10 });
    const rows = screen.getByLabelText('Rows at most');
    await user.clear(rows);
    await user.type(rows, '1001{Enter}');
    expect(screen.getByText('A whole number from 1 to 1000')).toBeInTheDocument();
    expect(seen).not.toHaveBeenCalled();
    await user.clear(rows);
    await user.type(rows, '1000{Enter}');
    expect(last().limit).toBe(1000);
    expect(last()).not.toHaveProperty('open', true);
  });

  it('narrows the assets by the buildings that are chosen', async () => {
    const { asked } = await panel({ refId: 'A', queryType: 'asset_state', building: ['$building'], domain: ['lifts'] });
    expect(asked).toHaveBeenCalledWith('variables/assets', { building: 'b1', domain: 'lifts' });
  });

  it('shows a type from the future with its fields, and leaves it alone', async () => {
    const saved = { refId: 'A', queryType: 'energy_use', meter: 'm1' } as FacilitiesQuery;
    const { seen } = await panel(saved);
    expect(screen.getByLabelText('Ask for')).toHaveValue('energy_use (not known here)');
    expect(screen.getByText(/does not know “energy_use”/)).toBeInTheDocument();
    expect(screen.getByText(/"meter": "m1"/)).toBeInTheDocument();
    expect(seen).not.toHaveBeenCalled();
  });

  it('says why there is nothing to choose from, and still takes an id', async () => {
    const user = userEvent.setup();
    const { last } = await panel({ refId: 'A', queryType: 'asset_kpi' }, { fails: true });
    expect((await screen.findAllByText(/the token is not accepted/)).length).toBeGreaterThan(0);
    await user.click(screen.getByLabelText('Asset'));
    await user.keyboard('b1-l9');
    await user.keyboard('{ArrowDown}{Enter}');
    expect(last().asset).toEqual(['b1-l9']);
  });

  it('says in an alert rule that there are no numbers', async () => {
    await panel({ refId: 'A', queryType: 'asset_state' }, { app: CoreApp.UnifiedAlerting });
    expect(screen.getByText(/No alert can be made from it/)).toBeInTheDocument();
  });
});

describe('The variable editor', () => {
  const show = async (query: VariableQuery) => {
    const { datasource } = open();
    const changed = jest.fn();
    render(
      <VariableQueryEditor datasource={datasource} query={query} onChange={changed} onRunQuery={() => undefined} />
    );
    await waitFor(() => expect(screen.queryByText('Loading')).toBeNull());
    return changed;
  };

  it('offers what narrows assets, and nothing where nothing does', async () => {
    await show({ refId: 'v', variable: 'assets' });
    expect(screen.getByLabelText('Building')).toBeInTheDocument();
    expect(screen.getByLabelText('Domain')).toBeInTheDocument();
  });

  it('offers no filter for severities', async () => {
    await show({ refId: 'v', variable: 'severities' });
    expect(screen.queryByLabelText('Building')).toBeNull();
  });

  it('shows a kind from the future, and changes nothing by itself', async () => {
    const changed = await show({ refId: 'v', variable: 'tenants' });
    expect(screen.getByText(/no variable of “tenants”/)).toBeInTheDocument();
    expect(changed).not.toHaveBeenCalled();
  });
});

describe('The annotation editor', () => {
  it('changes the annotation that Grafana gave it', async () => {
    const user = userEvent.setup();
    const { datasource } = open();
    const changed = jest.fn();
    const annotation = {
      name: 'x',
      target: { refId: 'Anno', queryType: 'incidents' },
    } as AnnotationQuery<FacilitiesQuery>;
    render(
      <AnnotationEditor
        datasource={datasource}
        query={annotation.target!}
        onChange={() => undefined}
        onRunQuery={() => undefined}
        annotation={annotation}
        onAnnotationChange={changed}
      />
    );
    await user.click(await screen.findByLabelText('Asset'));
    await user.keyboard('b1-l1x');
    await user.keyboard('{ArrowDown}{Enter}');
    expect(changed).toHaveBeenLastCalledWith({
      name: 'x',
      target: { refId: 'Anno', queryType: 'incidents', asset: ['b1-l1x'] },
    });
  });
});

describe('The help', () => {
  it('puts a question into the editor', async () => {
    const clicked = jest.fn();
    const { datasource } = open();
    render(<CheatSheet datasource={datasource as never} query={{ refId: 'C' }} onClickExample={clicked} />);
    const rows = screen.getAllByRole('listitem');
    await userEvent.click(within(rows[0]).getByRole('button'));
    expect(clicked).toHaveBeenCalledWith({ refId: 'C', queryType: 'work_orders', open: true, limit: 100 });
  });
});
