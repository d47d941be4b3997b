//! What the platforms call the columns of their ad reports, in the languages met: English, German, French, Spanish. Names are
//! folded (lower case, single blanks); earlier names are preferred.

use super::Format;
use crate::imports::text::header::Header;

/// Where a report's columns are.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    pub day: Option<usize>,
    pub day_end: Option<usize>,
    pub campaign: Option<usize>,
    pub adset: Option<usize>,
    pub ad: Option<usize>,
    /// Campaign, ad set, ad.
    pub ids: [Option<usize>; 3],
    pub spend: Option<usize>,
    /// The currency in the spend column's name.
    pub spend_unit: Option<String>,
    pub currency: Option<usize>,
    pub impressions: Option<usize>,
    pub clicks: Option<usize>,
    pub conversions: Option<usize>,
    pub revenue: Option<usize>,
    pub account: Option<usize>,
    pub account_id: Option<usize>,
    /// The header is in a language that writes decimals with a comma.
    pub comma_locale: bool,
}

type Names = &'static [&'static str];

struct Vocabulary {
    day: Names,
    day_end: Names,
    campaign: Names,
    adset: Names,
    ad: Names,
    ids: [Names; 3],
    spend: Names,
    impressions: Names,
    clicks: Names,
    conversions: Names,
    revenue: Names,
}

const DAY: Names =
    &["day", "date", "by day", "tag", "datum", "jour", "date (jour)", "día", "dia", "fecha", "segments.date"];
const COMMA_WORDS: Names =
    &["tag", "datum", "jour", "día", "dia", "fecha", "berichtsstart", "début des rapports", "inicio del informe"];
const CURRENCY: Names = &[
    "currency code",
    "currency",
    "währungscode",
    "währung",
    "code de devise",
    "code de la devise",
    "devise",
    "código de moneda",
    "código de divisa",
    "divisa",
    "moneda",
];
const ACCOUNT: Names = &[
    "account name",
    "account",
    "advertiser name",
    "ad account name",
    "kontoname",
    "konto",
    "nom du compte",
    "compte",
    "nombre de la cuenta",
    "cuenta",
];
const ACCOUNT_ID: Names = &[
    "account id",
    "customer id",
    "external customer id",
    "advertiser id",
    "ad account id",
    "konto-id",
    "kundennummer",
    "id du compte",
    "identifiant du compte",
    "id client",
    "identificador de la cuenta",
    "id de cliente",
    "id. de cliente",
];

// Ads Manager's "Export table data". "Purchases" is preferred to website purchases, and both to "Results", whose meaning
// changes with the campaign's objective.
const META: Vocabulary = Vocabulary {
    day: &[
        "day",
        "tag",
        "jour",
        "día",
        "date",
        "reporting starts",
        "berichtsstart",
        "début des rapports",
        "début de la période de reporting",
        "inicio del informe",
    ],
    day_end: &[
        "reporting ends",
        "berichtsende",
        "fin des rapports",
        "fin de la période de reporting",
        "fin del informe",
    ],
    campaign: &[
        "campaign name",
        "campaign",
        "kampagnenname",
        "name der kampagne",
        "nom de la campagne",
        "nombre de la campaña",
    ],
    adset: &[
        "ad set name",
        "adset name",
        "anzeigengruppenname",
        "name der anzeigengruppe",
        "nom de l'ensemble de publicités",
        "nom de l’ensemble de publicités",
        "nombre del conjunto de anuncios",
    ],
    ad: &[
        "ad name",
        "anzeigenname",
        "name der anzeige",
        "werbeanzeigenname",
        "nom de la publicité",
        "nombre del anuncio",
    ],
    ids: [
        &["campaign id", "kampagnen-id", "id de campagne", "identifiant de campagne", "identificador de la campaña"],
        &[
            "ad set id",
            "adset id",
            "anzeigengruppen-id",
            "id de l'ensemble de publicités",
            "identificador del conjunto de anuncios",
        ],
        &["ad id", "anzeigen-id", "id de la publicité", "identificador del anuncio"],
    ],
    spend: &["amount spent", "ausgegebener betrag", "montant dépensé", "importe gastado", "cantidad gastada"],
    impressions: &["impressions", "impressionen", "impresiones"],
    clicks: &[
        "link clicks",
        "link-klicks",
        "clics sur un lien",
        "clics sur le lien",
        "clics en el enlace",
        "clicks (all)",
        "klicks (alle)",
        "clics (tous)",
        "clics (todos)",
    ],
    conversions: &[
        "purchases",
        "käufe",
        "achats",
        "compras",
        "website purchases",
        "website-käufe",
        "achats sur le site web",
        "compras en el sitio web",
        "results",
    ],
    revenue: &[
        "purchases conversion value",
        "purchase conversion value",
        "conversion-wert von käufen",
        "conversion-wert für käufe",
        "kauf-conversion-wert",
        "valeur de conversion des achats",
        "valeur de conversion d'achat",
        "valor de conversión de compras",
        "valor de conversión de las compras",
        "website purchases conversion value",
        "conversion value",
    ],
};

const GOOGLE: Vocabulary = Vocabulary {
    day: DAY,
    day_end: &[],
    campaign: &["campaign", "campaign name", "kampagne", "campagne", "campaña", "campana"],
    adset: &[
        "ad group",
        "ad group name",
        "anzeigengruppe",
        "groupe d'annonces",
        "groupe d’annonces",
        "grupo de anuncios",
    ],
    ad: &[
        "ad name",
        "ad",
        "headline 1",
        "anzeigenname",
        "name der anzeige",
        "nom de l'annonce",
        "nom de l’annonce",
        "nombre del anuncio",
    ],
    ids: [
        &["campaign id", "kampagnen-id", "id de campagne", "id de la campagne", "id de campaña", "id. de campaña"],
        &[
            "ad group id",
            "anzeigengruppen-id",
            "id du groupe d'annonces",
            "id de grupo de anuncios",
            "id. de grupo de anuncios",
        ],
        &["ad id", "anzeigen-id", "id de l'annonce", "id de anuncio", "id. de anuncio"],
    ],
    spend: &["cost", "kosten", "coût", "coste", "costo"],
    impressions: &["impr.", "impressions", "impressionen", "impresiones"],
    clicks: &["clicks", "klicks", "clics", "interactions"],
    conversions: &["conversions", "conversiones"],
    revenue: &[
        "conv. value",
        "conversion value",
        "conversions value",
        "total conv. value",
        "conv.-wert",
        "conversion-wert",
        "conversionswert",
        "val. conv.",
        "valeur conv.",
        "valeur de conv.",
        "valeur de conversion",
        "valor de conv.",
        "valor conv.",
        "valor de conversión",
    ],
};

// `conversion` follows the campaign's goal, so that completed payments are preferred where the report has them.
const TIKTOK: Vocabulary = Vocabulary {
    day: &["date", "by day", "day", "stat_time_day", "time", "datum", "tag", "jour", "fecha", "día"],
    day_end: &[],
    campaign: &[
        "campaign name",
        "campaign",
        "kampagnenname",
        "nom de la campagne",
        "nombre de la campaña",
        "nombre de campaña",
    ],
    adset: &[
        "ad group name",
        "adgroup name",
        "ad group",
        "anzeigengruppenname",
        "name der anzeigengruppe",
        "nom du groupe de publicités",
        "nom du groupe d'annonces",
        "nombre del grupo de anuncios",
    ],
    ad: &["ad name", "ad", "anzeigenname", "nom de la publicité", "nombre del anuncio"],
    ids: [
        &["campaign id", "kampagnen-id", "id de la campagne", "id de campaña"],
        &["ad group id", "adgroup id", "anzeigengruppen-id", "id du groupe de publicités", "id del grupo de anuncios"],
        &["ad id", "anzeigen-id", "id de la publicité", "id del anuncio"],
    ],
    spend: &[
        "cost",
        "total cost",
        "spend",
        "kosten",
        "gesamtkosten",
        "coût",
        "coût total",
        "coste",
        "costo",
        "coste total",
    ],
    impressions: &["impressions", "impression", "impressionen", "impresiones"],
    clicks: &[
        "clicks (destination)",
        "destination clicks",
        "clicks",
        "click",
        "klicks (ziel)",
        "klicks",
        "clics (destination)",
        "clics",
        "clics (destino)",
    ],
    conversions: &[
        "complete payment",
        "complete payments",
        "purchases (website)",
        "website purchases",
        "zahlungsabschlüsse",
        "paiements terminés",
        "conversions",
        "conversion",
        "conversiones",
    ],
    revenue: &[
        "total complete payment value",
        "complete payment value",
        "purchase value (website)",
        "total purchase value (website)",
        "total complete payment rate",
        "gross revenue",
        "gesamtwert der zahlungsabschlüsse",
        "valeur totale des paiements",
        "valor total de los pagos completos",
        "conversion value",
    ],
};

/// Finds the columns of a report of `format`; `None` where the header is none of it.
pub fn find(format: Format, header: &Header) -> Option<Columns> {
    let words = match format {
        Format::MetaAds => &META,
        Format::GoogleAds => &GOOGLE,
        Format::TiktokAds => &TIKTOK,
        _ => return None,
    };
    let spend = header.find_with_unit(words.spend);
    let columns = Columns {
        day: header.find(words.day),
        day_end: header.find(words.day_end),
        campaign: header.find(words.campaign),
        adset: header.find(words.adset),
        ad: header.find(words.ad),
        ids: words.ids.map(|names| header.find(names)),
        spend: spend.map(|(at, _)| at),
        spend_unit: spend.and_then(|(_, unit)| unit).map(str::to_owned),
        currency: header.find(CURRENCY),
        impressions: header.find(words.impressions),
        clicks: header.find(words.clicks),
        conversions: header.find(words.conversions),
        revenue: header.find_with_unit(words.revenue).map(|(at, _)| at),
        account: header.find(ACCOUNT),
        account_id: header.find(ACCOUNT_ID),
        comma_locale: header.find(COMMA_WORDS).is_some(),
    };
    (columns.spend.is_some() && columns.campaign.is_some()).then_some(columns)
}

/// Does the header tell this platform from the others? Meta spends an "amount", TikTok names its campaigns and groups by
/// "… name", Google does not.
pub fn is_of(format: Format, header: &Header) -> bool {
    let Some(columns) = find(format, header) else { return false };
    let tiktok_only = || {
        header.find(&TIKTOK.campaign[..1]).or_else(|| header.find(&TIKTOK.campaign[2..])).is_some()
            && (header.find(TIKTOK.adset).is_none_or(|at| header.find(&["ad group"]) != Some(at)))
            && header.find(&["impr."]).is_none()
    };
    match format {
        Format::MetaAds => true,
        Format::TiktokAds => columns.impressions.is_some() && tiktok_only(),
        Format::GoogleAds => columns.impressions.is_some() || columns.clicks.is_some(),
        _ => false,
    }
}
