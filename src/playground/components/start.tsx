import {
  fetchedSample,
  SAMPLES,
  type SampleName,
  sampleAddress,
  takeSample,
} from "../state/samples.ts";
import { place } from "../state/settings.ts";
import { words } from "../state/words.ts";
import { Choosers } from "./choosers.tsx";
import { Icon } from "./icon.tsx";

/** The page before photographs are added. */
export function Start() {
  const t = words.value;
  return (
    <main class="start">
      <section class="intro">
        <h1>{t.tagline}</h1>
        <p>{t.explanation}</p>
      </section>
      <section class="drop" aria-label={t.dropHere}>
        <p class="drop-here">{t.dropHere}</p>
        <Choosers />
        <p class="privacy">
          <Icon name={place.value === "device" ? "shield" : "cloud"} />
          <span>{place.value === "device" ? t.privacy : t.privacyService}</span>
        </p>
      </section>
      <section class="samples" aria-labelledby="samples">
        <h2 id="samples">{t.trySample}</h2>
        <ul>
          {(Object.keys(SAMPLES) as SampleName[]).map((sample) => (
            <li key={sample}>
              <Sample sample={sample} />
            </li>
          ))}
        </ul>
      </section>
    </main>
  );
}

const SHOWN = 4;

function Sample({ sample }: { readonly sample: SampleName }) {
  const t = words.value;
  const isFetched = fetchedSample.value === sample;
  return (
    <button
      type="button"
      class={isFetched ? "sample is-fetched" : "sample"}
      disabled={fetchedSample.value !== undefined}
      onClick={() => void takeSample(sample)}
    >
      <span class="collage">
        {SAMPLES[sample].slice(0, SHOWN).map((name) => (
          <img
            key={name}
            src={sampleAddress(sample, name)}
            alt=""
            loading="lazy"
            width="80"
            height="80"
          />
        ))}
      </span>
      <span class="sample-name">{t.samples[sample]}</span>
      <span class="quiet">{t.sampleCount(SAMPLES[sample].length)}</span>
    </button>
  );
}
