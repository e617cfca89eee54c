import { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { Field, FieldSet, Input, SecretInput, SecretTextArea, Stack, Switch } from '@grafana/ui';
import React, { ChangeEvent, useState } from 'react';
import { addressProblem } from '../address';
import { FacilitiesOptions, FacilitiesSecrets } from '../types';

export type Props = DataSourcePluginOptionsEditorProps<FacilitiesOptions, FacilitiesSecrets>;

const width = 60;

/** Where Plantroom is and what lets Grafana in. Save & test asks the backend, which looks at address, token and version. */
export function ConfigEditor({ options, onOptionsChange }: Props) {
  const { jsonData, secureJsonData, secureJsonFields, readOnly } = options;
  // Nobody is told that an address is wrong while they are typing it for the first time.
  const [left, setLeft] = useState({ url: Boolean(options.url), publicUrl: Boolean(jsonData.publicUrl) });

  const setJson = (change: Partial<FacilitiesOptions>) =>
    onOptionsChange({ ...options, jsonData: { ...jsonData, ...change } });
  const setSecret = (change: Partial<FacilitiesSecrets>) =>
    onOptionsChange({ ...options, secureJsonData: { ...secureJsonData, ...change } });
  const reset = (name: keyof FacilitiesSecrets) =>
    onOptionsChange({
      ...options,
      secureJsonFields: { ...secureJsonFields, [name]: false },
      secureJsonData: { ...secureJsonData, [name]: '' },
    });

  const urlProblem = addressProblem(options.url ?? '');
  const publicProblem = jsonData.publicUrl ? addressProblem(jsonData.publicUrl) : undefined;
  return (
    <Stack direction="column" gap={0}>
      <FieldSet label="Connection">
        <Field
          label="URL"
          description="Where Grafana's server reaches Plantroom, without /api."
          htmlFor="config-url"
          required
          disabled={readOnly}
          invalid={left.url && urlProblem !== undefined}
          error={urlProblem}
        >
          <Input
            id="config-url"
            width={width}
            placeholder="http://plantroom:8080"
            autoComplete="off"
            value={options.url}
            onChange={(event: ChangeEvent<HTMLInputElement>) =>
              onOptionsChange({ ...options, url: event.currentTarget.value })
            }
            onBlur={() => {
              setLeft({ ...left, url: true });
              if (options.url !== options.url.trim()) {
                onOptionsChange({ ...options, url: options.url.trim() });
              }
            }}
          />
        </Field>
        <Field
          label="Token"
          description="Of the role viewer, which may read and nothing else; Plantroom's guide to Grafana says how to make one. An operator's token works too, and may do more than Grafana needs."
          htmlFor="config-token"
          required
          disabled={readOnly}
        >
          <SecretInput
            id="config-token"
            width={width}
            placeholder="Paste the token"
            autoComplete="off"
            isConfigured={Boolean(secureJsonFields?.token)}
            value={secureJsonData?.token ?? ''}
            onChange={(event: ChangeEvent<HTMLInputElement>) => setSecret({ token: event.currentTarget.value })}
            onReset={() => reset('token')}
          />
        </Field>
        <Field
          label="Public URL"
          description="Links in tables lead here. Only where people's browsers reach Plantroom at another address than Grafana does."
          htmlFor="config-public-url"
          disabled={readOnly}
          invalid={left.publicUrl && publicProblem !== undefined}
          error={publicProblem}
        >
          <Input
            id="config-public-url"
            width={width}
            placeholder="https://plantroom.example.org"
            autoComplete="off"
            value={jsonData.publicUrl ?? ''}
            onChange={(event: ChangeEvent<HTMLInputElement>) =>
              setJson({ publicUrl: event.currentTarget.value.trim() || undefined })
            }
            onBlur={() => setLeft({ ...left, publicUrl: true })}
          />
        </Field>
      </FieldSet>
      <FieldSet label="TLS and time">
        <Field
          label="Certificate authority of your own"
          description="For a certificate that no public authority has signed."
          htmlFor="config-ca"
          disabled={readOnly}
        >
          <Switch
            id="config-ca"
            value={jsonData.tlsAuthWithCACert ?? false}
            onChange={(event) => setJson({ tlsAuthWithCACert: event.currentTarget.checked })}
          />
        </Field>
        {jsonData.tlsAuthWithCACert && (
          <Field label="Its certificate" description="PEM text" htmlFor="config-ca-cert" disabled={readOnly}>
            <SecretTextArea
              id="config-ca-cert"
              cols={width}
              rows={6}
              placeholder="-----BEGIN CERTIFICATE-----"
              isConfigured={Boolean(secureJsonFields?.tlsCACert)}
              value={secureJsonData?.tlsCACert ?? ''}
              onChange={(event: ChangeEvent<HTMLTextAreaElement>) =>
                setSecret({ tlsCACert: event.currentTarget.value })
              }
              onReset={() => reset('tlsCACert')}
            />
          </Field>
        )}
        <Field
          label="Do not check the certificate"
          description="Whoever is on the way can then read the token. For trying things out."
          htmlFor="config-skip-verify"
          disabled={readOnly}
        >
          <Switch
            id="config-skip-verify"
            value={jsonData.tlsSkipVerify ?? false}
            onChange={(event) => setJson({ tlsSkipVerify: event.currentTarget.checked })}
          />
        </Field>
        <Field
          label="Timeout"
          description="Seconds that one request may take; 30 where it is left out."
          htmlFor="config-timeout"
          disabled={readOnly}
        >
          <Input
            id="config-timeout"
            width={12}
            type="number"
            min={1}
            max={300}
            placeholder="30"
            value={jsonData.timeout ?? ''}
            onChange={(event: ChangeEvent<HTMLInputElement>) => {
              const seconds = event.currentTarget.valueAsNumber;
              setJson({ timeout: Number.isNaN(seconds) ? undefined : seconds });
            }}
          />
        </Field>
      </FieldSet>
    </Stack>
  );
}
