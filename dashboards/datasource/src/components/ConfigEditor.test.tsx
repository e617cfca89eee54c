import { DataSourceSettings } from '@grafana/data';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React, { useState } from 'react';
import { FacilitiesOptions, FacilitiesSecrets } from '../types';
import { ConfigEditor } from './ConfigEditor';

type Settings = DataSourceSettings<FacilitiesOptions, FacilitiesSecrets>;

const empty = { url: '', jsonData: {}, secureJsonFields: {}, readOnly: false } as unknown as Settings;

function Page({ initial, seen }: { initial: Settings; seen: (settings: Settings) => void }) {
  const [options, setOptions] = useState(initial);
  const change = (next: Settings) => {
    seen(next);
    setOptions(next);
  };
  return <ConfigEditor options={options} onOptionsChange={change} />;
}

function page(initial: Partial<Settings> = {}) {
  const seen = jest.fn();
  render(<Page initial={{ ...empty, ...initial }} seen={seen} />);
  return { seen, last: (): Settings => seen.mock.calls.at(-1)[0] };
}

describe('The settings', () => {
  it('take address and token, the token as a secret', async () => {
    const user = userEvent.setup();
    const { last } = page();
    await user.type(screen.getByLabelText(/^URL/), ' http://plantroom:8080 ');
    await user.type(screen.getByLabelText(/^Token/), 'secret');
    expect(last().url).toBe('http://plantroom:8080');
    expect(last().secureJsonData).toEqual({ token: 'secret' });
    expect(JSON.stringify(last().jsonData)).not.toContain('secret');
  });

  it('say what is wrong with an address once it has been left, and not before', async () => {
    const user = userEvent.setup();
    page();
    await user.type(screen.getByLabelText(/^URL/), 'plantroom');
    expect(screen.queryByText(/begin with http/)).toBeNull();
    await user.tab();
    expect(screen.getByText(/begin with http/)).toBeInTheDocument();
  });

  it('never show a token that is kept, and can replace it', async () => {
    const user = userEvent.setup();
    const { last } = page({ secureJsonFields: { token: true } });
    expect(screen.getByDisplayValue('configured')).toBeDisabled();
    await user.click(screen.getByRole('button', { name: 'Reset' }));
    expect(last().secureJsonFields.token).toBe(false);
    expect(last().secureJsonData?.token).toBe('');
  });

  it('ask for a certificate only where there is an authority of one’s own', async () => {
    const user = userEvent.setup();
    const { last } = page();
    expect(screen.queryByLabelText('Its certificate')).toBeNull();
    await user.click(screen.getByLabelText(/^Certificate authority/));
    expect(last().jsonData.tlsAuthWithCACert).toBe(true);
  });

  it('cannot be changed where they were provisioned from a file', () => {
    page({ readOnly: true });
    for (const input of [...screen.getAllByRole('textbox'), ...screen.getAllByRole('switch')]) {
      expect(input).toBeDisabled();
    }
  });
});
