//! A device with passkeys, and the browser it is asked through: what a person's phone does, right or wrong.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A key pair that the device keeps for a site.
#[derive(Clone)]
pub struct Key {
    pub id: Vec<u8>,
    pub handle: Vec<u8>,
    secret: SigningKey,
    /// How often it has signed; stays 0 on devices that do not count.
    pub counter: u32,
}

/// A device. Its fields are what an attacker would change.
#[derive(Clone)]
pub struct Device {
    pub origin: String,
    /// In place of the site that the options name.
    pub site: Option<String>,
    /// Whether it verifies the person.
    pub verifies: bool,
    /// What it adds to the counter with each signature.
    pub step: u32,
    pub keys: Vec<Key>,
}

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

impl Key {
    /// What never leaves the device.
    pub fn private(&self) -> [u8; 32] {
        self.secret.to_bytes().into()
    }
}

impl Device {
    /// One whose browser stands at this address.
    pub fn at(origin: &str) -> Self {
        Self { origin: origin.to_owned(), site: None, verifies: true, step: 1, keys: Vec::new() }
    }

    /// Makes a key by the options of a registration, and answers as `toJSON` does.
    pub fn create(&mut self, options: &Value) -> Value {
        let random = || uuid::Uuid::new_v4().into_bytes();
        let seed: [u8; 32] = Sha256::digest([random(), random()].concat()).into();
        let handle = decode(&options["user"]["id"]);
        let key =
            Key { id: random().to_vec(), handle, secret: SigningKey::from_slice(&seed).unwrap(), counter: self.step };
        let point = key.secret.verifying_key().to_sec1_point(false);
        let point = point.as_bytes();
        let mut public = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        public.extend_from_slice(&point[1..33]);
        public.extend_from_slice(&[0x22, 0x58, 0x20]);
        public.extend_from_slice(&point[33..65]);
        let site = self.site(options["rp"]["id"].as_str().unwrap());
        let mut data = self.data(&site, ATTESTED, key.counter);
        data.extend_from_slice(&[0; 16]);
        data.extend_from_slice(&u16::try_from(key.id.len()).unwrap().to_be_bytes());
        data.extend_from_slice(&key.id);
        data.extend_from_slice(&public);
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend_from_slice(&data);
        let id = encode(&key.id);
        self.keys.push(key);
        json!({ "id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "platform",
            "clientExtensionResults": { "credProps": { "rk": true } },
            "response": { "attestationObject": encode(&object), "transports": ["internal"],
                "clientDataJSON": encode(&self.client("webauthn.create", options)) } })
    }

    /// Signs the options of a sign-in with its newest key, and answers as `toJSON` does.
    pub fn get(&mut self, options: &Value) -> Value {
        let (site, client) = (self.site(options["rpId"].as_str().unwrap()), self.client("webauthn.get", options));
        let step = self.step;
        let key = self.keys.last_mut().unwrap();
        key.counter += step;
        let key = key.clone();
        let data = self.data(&site, 0, key.counter);
        let signed = [data.as_slice(), Sha256::digest(&client).as_slice()].concat();
        let signature: Signature = key.secret.sign(&signed);
        let id = encode(&key.id);
        json!({ "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
            "response": { "authenticatorData": encode(&data), "clientDataJSON": encode(&client),
                "signature": encode(signature.to_der().as_bytes()), "userHandle": encode(&key.handle) } })
    }

    fn site(&self, named: &str) -> String {
        self.site.clone().unwrap_or_else(|| named.to_owned())
    }

    fn data(&self, site: &str, flags: u8, counter: u32) -> Vec<u8> {
        let mut data = Sha256::digest(site.as_bytes()).to_vec();
        data.push(flags | PRESENT | if self.verifies { VERIFIED } else { 0 });
        data.extend_from_slice(&counter.to_be_bytes());
        data
    }

    fn client(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = options["challenge"].as_str().unwrap();
        let client = json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false });
        client.to_string().into_bytes()
    }
}

fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &Value) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}
