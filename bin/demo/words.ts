/** Words from which the demo company's records are made. All people and firms are invented. */

export const firstNames = [
  'Anna',
  'Jonas',
  'Lea',
  'Felix',
  'Marie',
  'Paul',
  'Sophie',
  'Maximilian',
  'Emma',
  'Lukas',
  'Hannah',
  'Leon',
  'Clara',
  'Moritz',
  'Ida',
  'Jakob',
  'Katharina',
  'Thomas',
  'Sabine',
  'Andreas',
  'Petra',
  'Stefan',
  'Monika',
  'Ralf',
  'Claudia',
  'Jürgen',
  'Birgit',
  'Uwe',
  'Heike',
  'Günther',
  'Aylin',
  'Mehmet',
  'Zeynep',
  'Dmitri',
  'Olga',
  'Giulia',
  'Marco',
  'Agnieszka',
  'Piotr',
  'Nguyen',
  'Ines',
  'Tobias',
  'Frauke',
  'Henning',
  'Silke',
  'Torsten',
  'Wiebke',
  'Jörg',
];

export const lastNames = [
  'Müller',
  'Schmidt',
  'Schneider',
  'Fischer',
  'Weber',
  'Meyer',
  'Wagner',
  'Becker',
  'Schulz',
  'Hoffmann',
  'Schäfer',
  'Koch',
  'Bauer',
  'Richter',
  'Klein',
  'Wolf',
  'Schröder',
  'Neumann',
  'Schwarz',
  'Zimmermann',
  'Braun',
  'Krüger',
  'Hofmann',
  'Hartmann',
  'Lange',
  'Schmitt',
  'Werner',
  'Krause',
  'Meier',
  'Lehmann',
  'Köhler',
  'Maier',
  'Yılmaz',
  'Kowalski',
  'Petersen',
  'Hansen',
  'Thomsen',
  'Behrens',
  'Lüders',
  'Brandt',
  'Voß',
  'Jansen',
  'Ostermann',
  'Grothe',
  'Wieland',
  'Brüggemann',
  'Harms',
  'Sievers',
];

export const companies = [
  'Bäckerei Harms',
  'Tischlerei Ostermann GmbH',
  'Autohaus Behrens GmbH & Co. KG',
  'Steuerkanzlei Lange & Partner',
  'Kita Sonnenblume e.V.',
  'Metallbau Wieland GmbH',
  'Gärtnerei Petersen',
  'Hotel Alte Post',
  'Praxis Dr. Richter',
  'Druckhaus Nord GmbH',
  'Landmaschinen Thomsen KG',
  'Fleischerei Voß',
  'Möbelwerk Grothe GmbH',
  'Spedition Krüger GmbH',
  'Molkerei Hansen eG',
  'Zahnarztpraxis Köhler',
  'Reiterhof Lüders',
  'Elektro Brandt GmbH',
  'Weingut Hofmann',
  'Kfz-Service Yılmaz',
  'Pflegedienst Herzlich GmbH',
  'Architekturbüro Neumann',
  'Campingplatz Seeblick',
  'Brauerei Schwarz AG',
  'Textilpflege Klein GmbH',
  'Baustoffe Zimmermann KG',
  'Grundschule am Park',
  'Wohnungsbau Elbe eG',
  'Kunststofftechnik Becker GmbH',
  'Obsthof Brüggemann',
  'Ferienpark Dünenblick GmbH',
  'Logistik Sievers GmbH',
];

export const cities = [
  ['24103', 'Kiel'],
  ['20095', 'Hamburg'],
  ['23552', 'Lübeck'],
  ['25813', 'Husum'],
  ['24937', 'Flensburg'],
  ['24534', 'Neumünster'],
  ['25524', 'Itzehoe'],
  ['22926', 'Ahrensburg'],
  ['21335', 'Lüneburg'],
  ['28195', 'Bremen'],
  ['30159', 'Hannover'],
  ['18055', 'Rostock'],
  ['19053', 'Schwerin'],
  ['27472', 'Cuxhaven'],
  ['25335', 'Elmshorn'],
  ['24340', 'Eckernförde'],
] as const;

export const streets = [
  'Hauptstraße',
  'Dorfstraße',
  'Bahnhofstraße',
  'Am Markt',
  'Lindenallee',
  'Hafenstraße',
  'Kirchweg',
  'Industriestraße',
  'Ringstraße',
  'Schulstraße',
];

interface Wish {
  readonly title: string;
  readonly message: string;
  /** Typical budget in euros, from and to. */
  readonly budget: readonly [number, number];
  readonly tag?: string;
}

export const privateWishes: readonly Wish[] = [
  {
    title: 'Photovoltaik fürs Einfamilienhaus',
    message:
      'Guten Tag, wir haben ein Satteldach nach Südwesten (etwa 70 m²) und möchten eine Anlage mit Speicher. Unser Verbrauch liegt bei 4.800 kWh im Jahr. Wann könnten Sie sich das ansehen?',
    budget: [14_000, 26_000],
    tag: 'neukunde',
  },
  {
    title: 'Wärmepumpe statt Ölheizung',
    message:
      'Unsere Ölheizung ist von 1998. Wir überlegen, auf eine Wärmepumpe umzusteigen, sind aber unsicher, ob die alten Heizkörper reichen. Bitte um Rückruf, am besten nach 17 Uhr.',
    budget: [22_000, 38_000],
    tag: 'rueckruf-gewuenscht',
  },
  {
    title: 'Wallbox in der Garage',
    message:
      'Hallo, ich bekomme im März ein E-Auto und brauche eine 11-kW-Wallbox in der Garage. Der Zählerschrank ist im Keller, Leitungsweg ungefähr 12 Meter.',
    budget: [1_200, 2_400],
  },
  {
    title: 'Speicher nachrüsten',
    message:
      'Wir haben seit 2016 eine 8-kWp-Anlage ohne Speicher. Lohnt sich das Nachrüsten noch, und welche Größe würden Sie empfehlen?',
    budget: [6_000, 11_000],
    tag: 'bestandskunde',
  },
  {
    title: 'Balkonkraftwerk für Mietwohnung',
    message:
      'Ich wohne zur Miete und hätte gern zwei Module am Balkongeländer. Der Vermieter hat schon zugestimmt. Übernehmen Sie auch die Anmeldung?',
    budget: [500, 1_100],
  },
];

export const businessWishes: readonly Wish[] = [
  {
    title: 'PV-Anlage auf der Produktionshalle',
    message:
      'Wir möchten unsere Halle (ca. 1.800 m² Flachdach) mit Photovoltaik belegen und den Strom überwiegend selbst nutzen. Lastgang können wir liefern. Bitte um ein Angebot mit Wirtschaftlichkeitsrechnung.',
    budget: [90_000, 240_000],
    tag: 'neukunde',
  },
  {
    title: 'Ladepunkte für den Fuhrpark',
    message:
      'Bis zum Sommer stellen wir acht Fahrzeuge auf Elektro um. Gesucht: Ladepunkte mit Lastmanagement und Abrechnung je Fahrzeug.',
    budget: [18_000, 45_000],
  },
  {
    title: 'Wartungsvertrag für bestehende Anlage',
    message:
      'Unsere 60-kWp-Anlage läuft seit 2012, der Installateur hat aufgegeben. Übernehmen Sie Wartung und Fernüberwachung?',
    budget: [2_000, 6_000],
    tag: 'bestandskunde',
  },
  {
    title: 'Energieberatung mit Fördermittelprüfung',
    message:
      'Für die Sanierung unseres Gebäudes brauchen wir ein Konzept (Heizung, Dämmung, PV) und eine Übersicht der Fördermittel. Termin gern vor Ort.',
    budget: [4_000, 12_000],
    tag: 'empfehlung',
  },
  {
    title: 'Großwärmepumpe für Mehrfamilienhäuser',
    message:
      'Drei Gebäude mit zusammen 42 Wohnungen, derzeit Gas. Wir suchen einen Partner für Planung und Ausführung in zwei Bauabschnitten.',
    budget: [180_000, 420_000],
    tag: 'messe',
  },
];

export const callResults = [
  'Erreicht, Interesse bestätigt',
  'Nicht erreicht, Mailbox besprochen',
  'Bittet um Rückruf am Freitag',
  'Unterlagen per Mail zugesagt',
  'Vor-Ort-Termin vereinbart',
  'Entscheidung im nächsten Quartal',
];

export const notes = [
  'Sehr freundliches Gespräch. Nachbar hat schon eine Anlage von uns.',
  'Wünscht Angebot mit und ohne Speicher.',
  'Dachflächen per Luftbild geprüft: leichte Verschattung durch Gaube.',
  'Zählerschrank muss vermutlich erneuert werden.',
  'Entscheidet gemeinsam mit der Geschäftsführung, Termin folgt.',
  'Vergleicht mit zwei weiteren Anbietern.',
  'Förderbescheid liegt bereits vor.',
];

export const archiveReasons = ['kein-bedarf', 'kein-budget', 'nicht-erreicht', 'nicht-passend', 'spam', 'wettbewerb'];

export const staff = [
  { name: 'Greta Lindholm', role: 'superadmin', team: 'leitung' },
  { name: 'Matthias Vogt', role: 'sales-manager', team: 'nord' },
  { name: 'Nele Claussen', role: 'sales', team: 'nord' },
  { name: 'Jan Reimers', role: 'sales', team: 'nord' },
  { name: 'Fatma Aksoy', role: 'sales', team: 'nord' },
  { name: 'Hauke Jessen', role: 'viewer', team: 'nord' },
] as const;
