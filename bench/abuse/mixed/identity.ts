import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

export const ISSUER = "https://id.example.com";
export const AUDIENCE = "cosal";

/** Whose tokens the load has. */
const SUBJECTS = ["alice", "bob", "carol"];

interface SigningKey {
  readonly kid: string;
  readonly key: CryptoKey;
}

/** An identity provider on the loopback that can be away, and can have a new key. */
export class IdentityProvider {
  isAway = false;
  readonly #keys: JWK[] = [];
  readonly #server = createServer((_, response) => {
    if (this.isAway) return response.destroy();
    response.setHeader("content-type", "application/jwk-set+json");
    response.end(JSON.stringify({ keys: this.#keys }));
  });
  #current: SigningKey | undefined;

  async open(): Promise<string> {
    await this.rotate();
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** From now on tokens are signed with a key that servers have not seen. */
  async rotate(): Promise<void> {
    const kid = `key ${this.#keys.length}`;
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    this.#keys.push({ ...(await exportJWK(publicKey)), kid, alg: "ES256" });
    this.#current = { kid, key: privateKey };
  }

  /** Tokens of each subject for an hour, by the key of now. */
  tokens(): Promise<string[]> {
    const { kid, key } = this.#current as SigningKey;
    const scope = "cosal:read cosal:write cosal:delete";
    return Promise.all(
      SUBJECTS.map((sub) =>
        new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub, scope })
          .setProtectedHeader({ alg: "ES256", kid })
          .setExpirationTime("1h")
          .sign(key),
      ),
    );
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
